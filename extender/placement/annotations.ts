import type { EpochMs, GramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { readBoolean, readDuration, readInstant, readIntensity, readPercent, readZones } from './annotation-values.ts';

/** What a pod, its namespace or the cluster asks for. An absent wish is none, and lets the next layer speak. */
export interface PodPreferences {
  /** Neither ranked nor filtered nor deferred. */
  readonly skip?: boolean;
  /** Not above this, in gCO2eq/kWh. */
  readonly maxIntensity?: GramsPerKwh;
  /** Not above this percentile of the zone's own recent history; 0..100. */
  readonly cleanerThan?: number;
  /** Only in these zones: a limit, whatever `enforce` says. */
  readonly zones?: readonly Zone[];
  /** `maxIntensity` and `cleanerThan` forbid instead of preferring. */
  readonly enforce?: boolean;
  /** May wait this long for a cleaner hour, in milliseconds. */
  readonly maxDelayMs?: number;
  /** Must have started by then. */
  readonly deadline?: EpochMs;
  /** How long it will run, in milliseconds. */
  readonly durationMs?: number;
  /** Waits only for a saving of at least this many percent; 0..100. */
  readonly minSavingPercent?: number;
  /** The pod says that it may wait (true) or may not (false), without saying how long. */
  readonly flexible?: boolean;
}

/** An annotation whose value says nothing that can be followed. */
export interface InvalidAnnotation {
  readonly annotation: string;
  readonly value: string;
  /** What is wrong with it, as a clause: `is not a number`. */
  readonly fault: string;
}

/** The wishes of one layer, and those of its annotations that were ignored. */
export interface ParsedAnnotations {
  readonly wishes: PodPreferences;
  readonly bad: readonly InvalidAnnotation[];
}

/** Everything that is not asked for by annotations of this prefix is asked for by an alias. */
export const ANNOTATION_PREFIX = 'carbon-extender.io/';

const GARDENER = 'compute-gardener-scheduler.kubernetes.io/';
const CARBON_AWARE = 'carbon-aware/';

/** What an annotation's text came to. */
type Value = { readonly value: unknown } | { readonly fault: string };

interface Rule {
  readonly wish: keyof PodPreferences;
  readonly annotation: string;
  readonly read: (text: string) => Value;
}

/** Every annotation that is understood; of several for one wish, the first that can be read wins. */
const RULES: readonly Rule[] = [
  { wish: 'skip', annotation: `${ANNOTATION_PREFIX}skip`, read: readBoolean },
  { wish: 'skip', annotation: `${GARDENER}skip`, read: readBoolean },
  { wish: 'maxIntensity', annotation: `${ANNOTATION_PREFIX}max-intensity`, read: readIntensity },
  { wish: 'maxIntensity', annotation: `${GARDENER}carbon-intensity-threshold`, read: readIntensity },
  { wish: 'cleanerThan', annotation: `${ANNOTATION_PREFIX}cleaner-than`, read: (text) => readPercent(text, /^p/i) },
  { wish: 'zones', annotation: `${ANNOTATION_PREFIX}zones`, read: readZones },
  { wish: 'enforce', annotation: `${ANNOTATION_PREFIX}enforce`, read: readBoolean },
  { wish: 'maxDelayMs', annotation: `${ANNOTATION_PREFIX}max-delay`, read: (text) => readDuration(text) },
  { wish: 'maxDelayMs', annotation: `${GARDENER}max-scheduling-delay`, read: (text) => readDuration(text) },
  { wish: 'maxDelayMs', annotation: `${CARBON_AWARE}max-delay-hours`, read: (text) => readDuration(text, 'h') },
  { wish: 'deadline', annotation: `${ANNOTATION_PREFIX}deadline`, read: readInstant },
  { wish: 'deadline', annotation: `${CARBON_AWARE}deadline`, read: readInstant },
  { wish: 'durationMs', annotation: `${ANNOTATION_PREFIX}duration`, read: (text) => readDuration(text) },
  { wish: 'minSavingPercent', annotation: `${ANNOTATION_PREFIX}min-saving`, read: (text) => readPercent(text, /^/) },
  { wish: 'flexible', annotation: `${CARBON_AWARE}flexible`, read: readBoolean },
];

/** Names of the wishes behind {@link ANNOTATION_PREFIX}. */
export const WISH_NAMES: readonly string[] = RULES.filter(({ annotation }) =>
  annotation.startsWith(ANNOTATION_PREFIX),
).map(({ annotation }) => annotation.slice(ANNOTATION_PREFIX.length));

/** Names behind the prefix that are no wishes: what this program and its manifests write, and a namespace's mode. */
const WRITTEN_NAMES = ['planned-start', 'planned-zone', 'expected-saving', 'released-at', 'released-because'];
const KNOWN: ReadonlySet<string> = new Set(
  [...WISH_NAMES, ...WRITTEN_NAMES, 'mode', 'settings'].map((name) => `${ANNOTATION_PREFIX}${name}`),
);
/** A pod may have thousands of annotations; these are kept for each of the pods that are remembered. */
const MOST_TOLD = 20;
/** The fault of an annotation with our prefix and a name that says nothing: mostly a slip of the pen. */
export const UNKNOWN_NAME = 'is no annotation that carbon-extender knows';

const NOTHING: ParsedAnnotations = { wishes: {}, bad: [] };

/** Reads the wishes of one object's annotations. What cannot be read is ignored and listed; it never fails the pod. */
export function parseAnnotations(annotations: Readonly<Record<string, string>> | undefined): ParsedAnnotations {
  if (annotations === undefined) return NOTHING;
  const wishes: Partial<Record<keyof PodPreferences, unknown>> = {};
  const bad: InvalidAnnotation[] = [];
  for (const { wish, annotation, read } of RULES) {
    if (!Object.hasOwn(annotations, annotation)) continue;
    const text = annotations[annotation] as string;
    const found = read(text.trim());
    if ('fault' in found) bad.push({ annotation, value: text, fault: found.fault });
    else wishes[wish] ??= found.value;
  }
  for (const annotation in annotations)
    if (bad.length < MOST_TOLD && annotation.startsWith(ANNOTATION_PREFIX) && !KNOWN.has(annotation))
      bad.push({ annotation, value: annotations[annotation] as string, fault: UNKNOWN_NAME });
  if (bad.length === 0 && Object.keys(wishes).length === 0) return NOTHING;
  return { wishes: wishes as PodPreferences, bad };
}

/** Puts layers together, the nearest to the pod first: pod, namespace, cluster. Each wish is the first layer's that has it. */
export function layeredWishes(...layers: readonly (PodPreferences | undefined)[]): PodPreferences {
  const all: Partial<Record<keyof PodPreferences, unknown>> = {};
  for (const layer of layers) {
    if (layer === undefined) continue;
    for (const wish of Object.keys(layer) as (keyof PodPreferences)[]) all[wish] ??= layer[wish];
  }
  return all as PodPreferences;
}
