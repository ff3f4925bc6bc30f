import type { EpochMs, GramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import {
  readBoolean,
  readCount,
  readDuration,
  readInstant,
  readIntensity,
  readPercent,
  readZones,
} from './annotation-values.ts';

/** What a pod, its namespace or the cluster asks for. An absent preference is none, and lets the next layer speak. */
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
  /** Of a Job: it may be suspended while it runs, and goes on later. */
  readonly interruptible?: boolean;
  /** Shortest run between a start and the next pause, in milliseconds. */
  readonly minRunMs?: number;
  /** Work that is lost at each restart, in milliseconds of running. */
  readonly restartCostMs?: number;
  /** How often the work may be paused. */
  readonly maxInterruptions?: number;
  /** The pod says that it may wait (true) or may not (false), without saying how long. */
  readonly flexible?: boolean;
}

/** Whether a pod's preferences say anything about where it may run. */
export function hasPlacementConstraints({ zones, maxIntensity, cleanerThan }: PodPreferences): boolean {
  return zones !== undefined || maxIntensity !== undefined || cleanerThan !== undefined;
}

/** An annotation whose value says nothing that can be followed. */
export interface InvalidAnnotation {
  readonly annotation: string;
  readonly value: string;
  /** What is wrong with it, as a clause: `is not a number`. */
  readonly problem: string;
}

/** The preferences of one layer, and those of its annotations that were ignored. */
export interface ParsedAnnotations {
  readonly preferences: PodPreferences;
  readonly invalid: readonly InvalidAnnotation[];
}

/** Everything that is not asked for by annotations of this prefix is asked for by an alias. */
export const ANNOTATION_PREFIX = 'carbon-extender.io/';

const GARDENER = 'compute-gardener-scheduler.kubernetes.io/';
const CARBON_AWARE = 'carbon-aware/';

/** What an annotation's text came to. */
type Value = { readonly value: unknown } | { readonly problem: string };

interface Rule {
  readonly preference: keyof PodPreferences;
  readonly annotation: string;
  readonly read: (text: string) => Value;
}

/** Every annotation that is understood; of several for one preference, the first that can be read wins. */
const RULES: readonly Rule[] = [
  { preference: 'skip', annotation: `${ANNOTATION_PREFIX}skip`, read: readBoolean },
  { preference: 'skip', annotation: `${GARDENER}skip`, read: readBoolean },
  { preference: 'maxIntensity', annotation: `${ANNOTATION_PREFIX}max-intensity`, read: readIntensity },
  { preference: 'maxIntensity', annotation: `${GARDENER}carbon-intensity-threshold`, read: readIntensity },
  {
    preference: 'cleanerThan',
    annotation: `${ANNOTATION_PREFIX}cleaner-than`,
    read: (text) => readPercent(text, /^p/i),
  },
  { preference: 'zones', annotation: `${ANNOTATION_PREFIX}zones`, read: readZones },
  { preference: 'interruptible', annotation: `${ANNOTATION_PREFIX}interruptible`, read: readBoolean },
  { preference: 'minRunMs', annotation: `${ANNOTATION_PREFIX}min-run`, read: (text) => readDuration(text) },
  { preference: 'restartCostMs', annotation: `${ANNOTATION_PREFIX}restart-cost`, read: (text) => readDuration(text) },
  { preference: 'maxInterruptions', annotation: `${ANNOTATION_PREFIX}max-interruptions`, read: readCount },
  { preference: 'enforce', annotation: `${ANNOTATION_PREFIX}enforce`, read: readBoolean },
  { preference: 'maxDelayMs', annotation: `${ANNOTATION_PREFIX}max-delay`, read: (text) => readDuration(text) },
  { preference: 'maxDelayMs', annotation: `${GARDENER}max-scheduling-delay`, read: (text) => readDuration(text) },
  { preference: 'maxDelayMs', annotation: `${CARBON_AWARE}max-delay-hours`, read: (text) => readDuration(text, 'h') },
  { preference: 'deadline', annotation: `${ANNOTATION_PREFIX}deadline`, read: readInstant },
  { preference: 'deadline', annotation: `${CARBON_AWARE}deadline`, read: readInstant },
  { preference: 'durationMs', annotation: `${ANNOTATION_PREFIX}duration`, read: (text) => readDuration(text) },
  {
    preference: 'minSavingPercent',
    annotation: `${ANNOTATION_PREFIX}min-saving`,
    read: (text) => readPercent(text, /^/),
  },
  { preference: 'flexible', annotation: `${CARBON_AWARE}flexible`, read: readBoolean },
];

/** Names of the preferences behind {@link ANNOTATION_PREFIX}. */
export const ANNOTATION_NAMES: readonly string[] = RULES.filter(({ annotation }) =>
  annotation.startsWith(ANNOTATION_PREFIX),
).map(({ annotation }) => annotation.slice(ANNOTATION_PREFIX.length));

/** Names behind the prefix that are no preferences: what this program and its manifests write, and a namespace's mode. */
const WRITTEN_NAMES = [
  ...['planned-start', 'planned-zone', 'expected-saving', 'released-at', 'released-because', 'window'],
  ...['paused-at', 'paused-seconds', 'resumed-at', 'interruptions', 'extended-until'],
];
const KNOWN: ReadonlySet<string> = new Set(
  [...ANNOTATION_NAMES, ...WRITTEN_NAMES, 'mode', 'settings'].map((name) => `${ANNOTATION_PREFIX}${name}`),
);
/** A pod may have thousands of annotations; these are kept for each of the pods that are remembered. */
const MOST_LISTED = 20;
/** The problem of an annotation with our prefix and a name that says nothing: mostly a slip of the pen. */
export const UNKNOWN_ANNOTATION = 'is not an annotation of carbon-extender';

const NOTHING: ParsedAnnotations = { preferences: {}, invalid: [] };
const RULE_BY_NAME: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.annotation, rule]));

/** Reads the preferences in one object's annotations. What cannot be read is ignored and listed; it never fails the pod. */
export function parseAnnotations(annotations: Readonly<Record<string, string>> | undefined): ParsedAnnotations {
  const rules: Rule[] = [];
  const unknown: string[] = [];
  // Most annotations of a pod are other programs': each is looked at once.
  for (const name in annotations) {
    const rule = RULE_BY_NAME.get(name);
    if (rule !== undefined) rules.push(rule);
    else if (name.startsWith(ANNOTATION_PREFIX) && !KNOWN.has(name)) unknown.push(name);
  }
  if (annotations === undefined || (rules.length === 0 && unknown.length === 0)) return NOTHING;
  const preferences: Partial<Record<keyof PodPreferences, unknown>> = {};
  const invalid: InvalidAnnotation[] = [];
  for (const { preference, annotation, read } of rules.sort((a, b) => RULES.indexOf(a) - RULES.indexOf(b))) {
    const value = annotations[annotation] as string;
    const found = read(value.trim());
    if ('problem' in found) invalid.push({ annotation, value, problem: found.problem });
    else preferences[preference] ??= found.value;
  }
  for (const annotation of unknown.slice(0, Math.max(0, MOST_LISTED - invalid.length)))
    invalid.push({ annotation, value: annotations[annotation] as string, problem: UNKNOWN_ANNOTATION });
  return { preferences: preferences as PodPreferences, invalid };
}

/** Puts layers together, the nearest to the pod first: pod, namespace, cluster. Each preference is the first layer's that has it. */
export function mergePreferences(...layers: readonly (PodPreferences | undefined)[]): PodPreferences {
  const all: Partial<Record<keyof PodPreferences, unknown>> = {};
  for (const layer of layers) {
    if (layer === undefined) continue;
    for (const preference of Object.keys(layer) as (keyof PodPreferences)[]) all[preference] ??= layer[preference];
  }
  return all as PodPreferences;
}
