import {
  hasPlacementConstraints,
  type InvalidAnnotation,
  mergePreferences,
  type PodPreferences,
  parseAnnotations,
} from './annotations.ts';
import { effectiveMode, type Mode, readMode } from './mode.ts';

/** What a namespace sets for its pods. */
export interface NamespaceDefaults {
  readonly preferences: PodPreferences;
  readonly invalid: readonly InvalidAnnotation[];
  readonly mode: Mode | undefined;
}

/** Looks up what a namespace sets; undefined where it sets nothing or is not known. */
export interface NamespaceDirectory {
  of(namespace: string): NamespaceDefaults | undefined;
}

/** What applies to one pod: its own preferences over its queue's, its namespace's and the cluster's. */
export interface PodPolicy {
  readonly mode: Mode;
  readonly preferences: PodPreferences;
  /** The pod's own annotations that were ignored. */
  readonly invalid: readonly InvalidAnnotation[];
  /** Equal for policies that treat the same candidates alike. */
  readonly key: string;
}

/** The cluster's own defaults. */
export interface ClusterDefaults {
  readonly mode: Mode;
  readonly preferences: PodPreferences;
}

/** The directory of a cluster whose namespaces set nothing. */
export const NO_NAMESPACES: NamespaceDirectory = { of: () => undefined };

/** Reads what a namespace's annotations set for its pods. */
export function readNamespaceDefaults(annotations: Readonly<Record<string, string>> | undefined): NamespaceDefaults {
  const { preferences, invalid } = parseAnnotations(annotations);
  const { mode, invalid: invalidMode } = readMode(annotations);
  return { preferences, invalid: [...invalid, ...invalidMode], mode };
}

/** Makes the function that merges what applies to a pod. */
export function createPodPolicies(cluster: ClusterDefaults, namespaces: NamespaceDirectory) {
  return (pod: {
    namespace?: string | undefined;
    annotations?: Readonly<Record<string, string>> | undefined;
    /** What the queue sets that the object is in. */
    queue?: PodPreferences | undefined;
  }): PodPolicy => {
    const { preferences: own, invalid } = parseAnnotations(pod.annotations);
    const namespace = namespaces.of(pod.namespace ?? 'default');
    const preferences = mergePreferences(own, pod.queue, namespace?.preferences, cluster.preferences);
    const mode = effectiveMode({ skip: preferences.skip, namespace: namespace?.mode, cluster: cluster.mode });
    return { mode, preferences, invalid, key: keyOf(mode, preferences) };
  };
}

function keyOf(mode: Mode, preferences: PodPreferences): string {
  if (mode === 'off' || !hasPlacementConstraints(preferences)) return mode;
  const { zones, maxIntensity, cleanerThan, enforce } = preferences;
  return `${mode} ${zones?.join(',')} ${maxIntensity} ${cleanerThan} ${enforce}`;
}
