import {
  ANNOTATION_PREFIX,
  type InvalidAnnotation,
  mergePreferences,
  type ParsedAnnotations,
  type PodPreferences,
  parseAnnotations,
} from './annotations.ts';
import { hasPlacementConstraints } from './constraints.ts';

/** Whether placement is done (`enforce`), only worked out and told (`advise`), or left alone (`off`). */
export const MODES = ['enforce', 'advise', 'off'] as const;
/** What is done with a placement. */
export type Mode = (typeof MODES)[number];

/** What a namespace says for its pods. */
export interface NamespaceDefaults {
  readonly preferences: PodPreferences;
  readonly invalid: readonly InvalidAnnotation[];
  readonly mode: Mode | undefined;
}

/** Tells what namespaces say; undefined for those that say nothing or are not known. */
export interface NamespaceDirectory {
  of(namespace: string): NamespaceDefaults | undefined;
}

/** What is meant to be done for one pod: its own preferences over its namespace's over the cluster's. */
export interface PodPolicy {
  readonly mode: Mode;
  readonly preferences: PodPreferences;
  /** The pod's own annotations that were ignored. */
  readonly invalid: readonly InvalidAnnotation[];
  /** The same for policies that treat the same candidates alike. */
  readonly key: string;
}

/** The cluster's own defaults. */
export interface ClusterDefaults {
  readonly mode: Mode;
  readonly preferences: PodPreferences;
}

/** The directory where no namespace says anything. */
export const NO_NAMESPACES: NamespaceDirectory = { of: () => undefined };

/** Node, namespace: the annotation that sets the mode of a namespace. */
export const MODE_ANNOTATION = `${ANNOTATION_PREFIX}mode`;

/** Reads what a namespace's annotations say for its pods. */
export function readNamespaceDefaults(annotations: Readonly<Record<string, string>> | undefined): NamespaceDefaults {
  const { preferences, invalid }: ParsedAnnotations = parseAnnotations(annotations);
  const text = annotations?.[MODE_ANNOTATION];
  const mode = MODES.find((known) => known === text?.trim().toLowerCase());
  if (text === undefined || mode !== undefined) return { preferences, invalid, mode };
  const problem = `is none of ${MODES.join(', ')}`;
  return { preferences, invalid: [...invalid, { annotation: MODE_ANNOTATION, value: text, problem }], mode };
}

/** Makes out what is meant to be done for a pod. A pod that says `skip` is left alone. */
export function createPodPolicies(cluster: ClusterDefaults, namespaces: NamespaceDirectory) {
  return (pod: {
    namespace?: string | undefined;
    annotations?: Readonly<Record<string, string>> | undefined;
  }): PodPolicy => {
    const { preferences: own, invalid } = parseAnnotations(pod.annotations);
    const namespace = namespaces.of(pod.namespace ?? 'default');
    const preferences = mergePreferences(own, namespace?.preferences, cluster.preferences);
    const mode = preferences.skip === true ? 'off' : (namespace?.mode ?? cluster.mode);
    return { mode, preferences, invalid, key: keyOf(mode, preferences) };
  };
}

function keyOf(mode: Mode, preferences: PodPreferences): string {
  if (mode === 'off' || !hasPlacementConstraints(preferences)) return mode;
  const { zones, maxIntensity, cleanerThan, enforce } = preferences;
  return `${mode} ${zones?.join(',')} ${maxIntensity} ${cleanerThan} ${enforce}`;
}
