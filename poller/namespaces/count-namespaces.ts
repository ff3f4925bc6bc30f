import { emissions } from '../../shared/emissions/pricing.ts';
import { type GramsPerKwh, HOUR_MS, joules } from '../../shared/grid/units.ts';
import type { ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { PowerTick, PowerWriter, WritableStore } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { NamespaceMetrics } from './namespace-metrics.ts';
import { TopNamespaces } from './top-namespaces.ts';

/** Namespaces with series of their own. */
const MAX_NAMESPACES = 50;
/** Zones of nodes and intensities are read again after this, in milliseconds. */
const REFRESH_MS = 15_000;

/** A history that counts, while it is open, what namespaces use as it is written. */
export interface CountingHistory extends AsyncDisposable {
  readonly history: PowerWriter;
}

/** Counts energy and emissions of every tick that was written, by namespace. Ticks that cannot be written are not counted. */
export function countNamespaces(options: {
  readonly history: WritableStore;
  readonly zonesOfNodes: () => Promise<ZoneOfNode>;
  readonly metrics: NamespaceMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}): CountingHistory {
  const { history, zonesOfNodes, metrics, clock, logger } = options;
  let zoneOf: ZoneOfNode = () => undefined;
  let intensities: ReadonlyMap<Zone, GramsPerKwh> = new Map();
  const top = new TopNamespaces(MAX_NAMESPACES, (namespace) => {
    for (const counter of Object.values(metrics)) counter.remove({ namespace });
  });
  const refresh = startLoop({
    name: 'namespace metrics',
    intervalMs: REFRESH_MS,
    clock,
    logger,
    task: async () => {
      zoneOf = await zonesOfNodes();
      intensities = await currentIntensities(history, clock.now());
    },
  });
  const count = ({ samples }: PowerTick): void => {
    for (const { container, joules: energy } of samples) {
      // Energy of nodes beside containers belongs to no namespace.
      if (container.namespace.startsWith('__')) continue;
      const namespace = top.labelOf(container.namespace, energy);
      metrics.energy.inc({ namespace }, energy);
      const zone = zoneOf(container.node);
      const intensity = zone && intensities.get(zone);
      if (intensity === undefined) metrics.unpriced.inc({ namespace }, energy);
      else metrics.emissions.inc({ namespace }, emissions(joules(energy), intensity));
    }
  };
  const { recordLabels } = history;
  const counting: PowerWriter = {
    append: async (tick: PowerTick) => {
      const written = await history.append(tick);
      count(tick);
      return written;
    },
    compact: (now) => history.compact(now),
    forgetBefore: (time) => history.forgetBefore(time),
    ...(recordLabels && { recordLabels: (pods, now) => recordLabels.call(history, pods, now) }),
  };
  return { history: counting, [Symbol.asyncDispose]: () => refresh[Symbol.asyncDispose]() };
}

/** The newest average intensity of each zone, of this hour or the one before. */
async function currentIntensities(history: WritableStore, now: number): Promise<Map<Zone, GramsPerKwh>> {
  const hours = await history.intensities(await history.zones(), { from: now - HOUR_MS, to: now + 1 });
  const average = hours.filter(({ signal }) => signal === 'average').sort((a, b) => a.hour - b.hour);
  return new Map(average.map(({ zone, carbonIntensity }) => [zone, carbonIntensity]));
}
