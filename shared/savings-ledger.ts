import type { IntensityAt } from './emissions.ts';
import type { HourlyIntensity } from './intensity.ts';
import { type MeasuredEnergy, type Saving, savingsOf } from './savings.ts';
import type { Decision } from './store/decisions.ts';
import type { IntensityReader, PowerReader, TimeRange } from './store/ports.ts';
import { type EpochMs, HOUR_MS, joules } from './units.ts';
import type { Zone } from './zones.ts';

/** From where the energy is taken: the hourly rollup, or the raw samples that it was made of. */
export type EnergySource = 'rollup' | 'raw';

/** What the decisions of a range saved, from measured energy up to the end of the range. */
export async function savingsLedger(
  store: PowerReader & IntensityReader,
  decisions: readonly Decision[],
  range: TimeRange,
  source: EnergySource,
): Promise<readonly Saving[]> {
  const intensities = await intensitiesOf(store, decisions, range);
  const savings: Saving[] = [];
  for (const decision of decisions) {
    const energy = await energyOf(store, decision, range.to, source);
    savings.push(...savingsOf(decision, energy, intensities(decision.zone)));
  }
  return savings;
}

async function energyOf(
  store: PowerReader,
  { namespace, pod, boundAt }: Decision,
  to: EpochMs,
  source: EnergySource,
): Promise<readonly MeasuredEnergy[]> {
  const found: MeasuredEnergy[] = [];
  if (source === 'raw') {
    for await (const samples of store.samples({ namespace, pod }, { from: boundAt, to }))
      for (const { start, end, joules: used } of samples) found.push({ start, end, joules: used });
    return found;
  }
  for await (const { hour, joules: used, coveredMs } of store.hourly({ namespace, pod }, { from: boundAt, to })) {
    // A pod that started within the hour drew its power at the end of it.
    const end = hour + HOUR_MS;
    if (coveredMs > 0) found.push({ start: Math.max(hour, boundAt, end - coveredMs), end, joules: joules(used) });
  }
  return found;
}

/** Average intensities of all zones, with those of the waits before the range. */
async function intensitiesOf(
  store: IntensityReader,
  decisions: readonly Decision[],
  range: TimeRange,
): Promise<(zone: Zone | null) => IntensityAt> {
  const zones = [...new Set(decisions.flatMap(({ zone }) => zone ?? []))];
  const from = Math.min(range.from, ...decisions.map(({ arrivedAt, boundAt }) => arrivedAt ?? boundAt));
  const rows = await store.intensities(zones, { from: from - HOUR_MS, to: range.to });
  const known = new Map<string, HourlyIntensity>(
    rows.filter(({ signal }) => signal === 'average').map((row) => [`${row.zone} ${row.hour}`, row] as const),
  );
  return (zone) => (hour) => known.get(`${zone} ${hour}`);
}
