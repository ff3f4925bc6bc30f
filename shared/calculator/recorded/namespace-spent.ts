import { emissions } from '../../emissions/pricing.ts';
import type { HourlyIntensity } from '../../grid/intensity.ts';
import type { EpochMs, GramsPerKwh } from '../../grid/units.ts';
import type { ZoneOfNode, ZoneSource } from '../../grid/zone-of-node.ts';
import type { Zone } from '../../grid/zones.ts';
import type { HourlyEnergy, TimeRange } from '../../records/power.ts';
import type { Spent } from '../budget.ts';

/** What the recorded containers of a namespace emitted: each hour's energy at that hour's intensity of the node's zone. */
export async function spentByNamespace(
  hourly: AsyncIterable<HourlyEnergy>,
  period: TimeRange,
  zoneOfNode: ZoneOfNode,
  history: readonly HourlyIntensity[],
): Promise<Spent> {
  const intensity = new Map<string, GramsPerKwh>();
  for (const { zone, hour, signal, carbonIntensity } of history)
    if (signal === 'average') intensity.set(key(zone, hour), carbonIntensity);
  const sources = new Set<ZoneSource>();
  let joules = 0;
  let priced = 0;
  let total = 0;
  for await (const energy of hourly) {
    if (energy.hour < period.from || energy.hour >= period.to) continue;
    joules += energy.joules;
    const zone = zoneOfNode(energy.container.node);
    const gramsPerKwh = zone === undefined ? undefined : intensity.get(key(zone, energy.hour));
    if (gramsPerKwh === undefined) continue;
    const source = zoneOfNode.sourceOf?.(energy.container.node);
    if (source !== undefined) sources.add(source);
    priced += energy.joules;
    total += emissions(energy.joules, gramsPerKwh);
  }
  if (priced === 0) return { grams: undefined, coverage: 0 };
  return { grams: total, coverage: priced / joules, zoneSources: [...sources].sort() };
}

function key(zone: Zone, hour: EpochMs): string {
  return `${zone} ${hour}`;
}
