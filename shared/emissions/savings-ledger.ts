import type { HourlyIntensity, Signal } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS, joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { decodeCandidateZones } from '../records/candidate-zones.ts';
import type { Decision } from '../records/placements.ts';
import type { Container, IntensityReader, PowerReader, TimeRange } from '../records/power.ts';
import type { IntensityIn, MeasuredEnergy } from './pricing.ts';
import { countSavings, type Saving } from './savings.ts';

/** Source of the energy: the hourly rollup, or the raw samples that it was made of. */
export type EnergyResolution = 'rollup' | 'raw';

interface Entry {
  readonly decision: Decision;
  /** When the range ends, or the next pod of the same name was bound. */
  readonly until: EpochMs;
  readonly count: ReturnType<typeof countSavings>;
}
type Entries = ReadonlyMap<string, readonly Entry[]>;

/** Rows from one pause to the next: a few milliseconds. */
const ROWS_AT_A_TIME = 10_000;

/** What the decisions of a range saved, from measured energy up to the end of the range. `pause` yields to other work. */
export async function savingsLedger(
  store: PowerReader & IntensityReader,
  decisions: readonly Decision[],
  range: TimeRange,
  source: EnergyResolution,
  pause: () => Promise<unknown> = async () => undefined,
): Promise<readonly Saving[]> {
  if (decisions.length === 0) return [];
  const { average, marginal } = await intensitiesOf(store, decisions, range);
  const entries = entriesOf(decisions, range.to, average, marginal);
  if (source === 'raw') await addSamples(store, entries);
  else await addHours(store, entries, range.to, pause);
  return [...entries.values()]
    .flat()
    .sort((a, b) => a.decision.boundAt - b.decision.boundAt)
    .flatMap(({ count }) => count.savings());
}

/** The decisions by pod. A name that is used again, as those of a StatefulSet, has several, each with its own time. */
function entriesOf(
  decisions: readonly Decision[],
  to: EpochMs,
  at: IntensityIn,
  marginalAt: IntensityIn | undefined,
): Entries {
  const byPod = new Map<string, Entry[]>();
  for (const decision of [...decisions].sort((a, b) => b.boundAt - a.boundAt)) {
    const key = podKey(decision);
    const later = byPod.get(key) ?? [];
    const until = Math.min(to, later[0]?.decision.boundAt ?? to);
    byPod.set(key, [{ decision, until, count: countSavings(decision, at, marginalAt) }, ...later]);
  }
  return byPod;
}

/** One pass over the rollup of all pods: asking for each alone would unpack every hour once for each. */
async function addHours(
  store: PowerReader,
  entries: Entries,
  to: EpochMs,
  pause: () => Promise<unknown>,
): Promise<void> {
  const shared = new Map<string, { readonly key: string; readonly hour: EpochMs }>();
  const from = firstOf(entries);
  let rows = 0;
  for await (const { container, hour, joules: used, coveredMs } of store.hourly(filterOf(entries), { from, to })) {
    if (++rows % ROWS_AT_A_TIME === 0) await pause();
    const key = podKey(container);
    const here = entries.get(key)?.filter(({ decision, until }) => decision.boundAt < hour + HOUR_MS && until > hour);
    const [only, another] = here ?? [];
    if (only === undefined || !(coveredMs > 0)) continue;
    if (another !== undefined) shared.set(`${key}\0${hour}`, { key, hour });
    else addHour(only, hour, used, coveredMs);
  }
  // Only the samples show which of two pods of one name used what within an hour.
  for (const { key, hour } of shared.values())
    for (const entry of entries.get(key) ?? []) await addSpan(store, entry, { from: hour, to: hour + HOUR_MS });
}

function addHour({ decision, until, count }: Entry, hour: EpochMs, used: number, coveredMs: number): void {
  const start = Math.max(hour, decision.boundAt);
  const available = Math.min(hour + HOUR_MS, until) - start;
  // More than there is room for was partly used before the binding, or after the end of the range.
  const share = Math.min(1, available / coveredMs);
  count.add({ start, end: start + Math.min(available, coveredMs), joules: joules(used * share) });
}

async function addSamples(store: PowerReader, entries: Entries): Promise<void> {
  const last = new Map<string, EpochMs>();
  for (const { container, last: end } of await store.containers(filterOf(entries)))
    last.set(podKey(container), Math.max(end, last.get(podKey(container)) ?? 0));
  for (const [key, of] of entries)
    for (const entry of of) await addSpan(store, entry, { from: 0, to: last.get(key) ?? 0 });
}

/** Adds the samples of a decision's pod within a range. */
async function addSpan(store: PowerReader, { decision, until, count }: Entry, range: TimeRange): Promise<void> {
  const { namespace, pod, boundAt } = decision;
  const from = Math.max(boundAt, range.from);
  const to = Math.min(until, range.to);
  if (!(to > from)) return;
  for await (const samples of store.samples({ namespace, pod }, { from, to }))
    for (const sample of samples) {
      const part = clipped(sample, from, to);
      if (part) count.add(part);
    }
}

function clipped({ start, end, joules: used }: MeasuredEnergy, from: EpochMs, to: EpochMs): MeasuredEnergy | undefined {
  const [first, last] = [Math.max(start, from), Math.min(end, to)];
  if (!(last > first)) return undefined;
  return { start: first, end: last, joules: joules((used * (last - first)) / (end - start)) };
}

function podKey({ namespace, pod }: Pick<Container, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`;
}

/** As narrow as one filter can be for all of them. */
function filterOf(entries: Entries): { readonly namespace?: string; readonly pod?: string } {
  const all = [...entries.values()].flatMap(([entry]) => entry?.decision ?? []);
  const [first] = all;
  if (first === undefined || all.some(({ namespace }) => namespace !== first.namespace)) return {};
  return all.length === 1 ? { namespace: first.namespace, pod: first.pod } : { namespace: first.namespace };
}

function firstOf(entries: Entries): EpochMs {
  let first = Number.POSITIVE_INFINITY;
  for (const [entry] of entries.values()) first = Math.min(first, entry?.decision.boundAt ?? first);
  return first;
}

/** Intensities of all zones that decisions were about, with those of the waits before the range; no marginal ones: undefined. */
async function intensitiesOf(
  store: IntensityReader,
  decisions: readonly Decision[],
  range: TimeRange,
): Promise<{ readonly average: IntensityIn; readonly marginal: IntensityIn | undefined }> {
  const zones = new Set<Zone>();
  let from = range.from;
  for (const { zone, candidateZones, arrivedAt } of decisions) {
    for (const candidate of decodeCandidateZones(candidateZones)?.keys() ?? []) zones.add(candidate);
    if (zone !== null) zones.add(zone);
    from = Math.min(from, arrivedAt ?? from);
  }
  const rows = await store.intensities([...zones], { from: from - HOUR_MS, to: range.to });
  const of = (signal: Signal): IntensityIn => {
    const known = new Map([...zones].map((zone) => [zone, new Map<EpochMs, HourlyIntensity>()]));
    for (const row of rows) if (row.signal === signal) known.get(row.zone)?.set(row.hour, row);
    return (zone) => (hour) => known.get(zone)?.get(hour);
  };
  const hasMarginal = rows.some(({ signal }) => signal === 'marginal');
  return { average: of('average'), marginal: hasMarginal ? of('marginal') : undefined };
}
