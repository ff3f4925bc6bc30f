import { ANNOTATION_PREFIX, type InvalidAnnotation } from './annotations.ts';

/** What is done with decisions: carried out (`enforce`), only reported and recorded (`advise`), or not even made (`off`). */
export const MODES = ['enforce', 'advise', 'off'] as const;
/** The mode of a cluster, a namespace or a pod, for placement and for waiting alike. */
export type Mode = (typeof MODES)[number];

/** The annotation that sets the mode of a namespace. */
export const MODE_ANNOTATION = `${ANNOTATION_PREFIX}mode`;

/** The mode for one pod, Job or workload: `off` where it asks to be skipped, else its namespace's, else the cluster's. */
export function effectiveMode({
  skip,
  namespace,
  cluster,
}: {
  readonly skip?: boolean | undefined;
  readonly namespace?: Mode | undefined;
  readonly cluster: Mode;
}): Mode {
  return skip === true ? 'off' : (namespace ?? cluster);
}

/** The mode that a namespace's annotations set; undefined without one, and for a text that is not a mode, which is listed. */
export function readMode(annotations: Readonly<Record<string, string>> | undefined): {
  readonly mode: Mode | undefined;
  readonly invalid: readonly InvalidAnnotation[];
} {
  const text = annotations?.[MODE_ANNOTATION];
  const mode = MODES.find((known) => known === text?.trim().toLowerCase());
  if (text === undefined || mode !== undefined) return { mode, invalid: [] };
  const problem = `is not one of ${MODES.join(', ')}`;
  return { mode: undefined, invalid: [{ annotation: MODE_ANNOTATION, value: text, problem }] };
}
