import {
  type DataQuality,
  type EnergyMix,
  type HourlyIntensity,
  type IntensitySample,
  supersedes,
} from '../../shared/grid/intensity.ts';
import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { IntensityWriter } from '../../shared/records/power.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { GridMetrics } from './grid-metrics.ts';
import { hourlyReadings } from './providers/hourly.ts';

/** Rows kept for a store that cannot take them; beyond that the oldest are given up. */
const MOST_PENDING = 100_000;

/** The history of every accepted reading on its way to the store. */
export interface History {
  /** Takes in the newest readings; several of one hour become their mean. Yearly averages are no history. */
  observe(readings: readonly IntensitySample[]): void;
  /** Takes in hours that were looked up later. */
  backfill(readings: readonly IntensitySample[]): void;
  /** Adds what the electricity of an hour was made of to its row. */
  mix(reading: IntensitySample, mix: EnergyMix): void;
  /** Writes what is pending; false when the store refused, and everything is kept for the next time. */
  flush(): Promise<boolean>;
}

/** Opens the way to the store. */
export function openHistory(options: {
  readonly store: Pick<IntensityWriter, 'record'>;
  readonly metrics: GridMetrics;
  readonly logger: Logger;
}): History {
  const { store, metrics, logger } = options;
  const pending = new Map<string, HourlyIntensity>();
  const hours = new Map<Zone, Map<EpochMs, IntensitySample>>();
  const add = (row: HourlyIntensity) => {
    const key = `${row.zone} ${row.hour} ${row.signal}`;
    const known = pending.get(key);
    if (known && !supersedes(row, known)) return;
    pending.set(key, { ...row, energyMix: row.energyMix ?? known?.energyMix });
    for (const oldest of pending.keys()) {
      if (pending.size <= MOST_PENDING) break;
      pending.delete(oldest);
      logger.error({ row: oldest }, 'a row of history was given up: the store has not taken any for too long');
    }
  };
  return {
    observe(readings) {
      for (const reading of readings) {
        if (reading.quality === 'yearly-average') continue;
        const mean = meanOfHour(hours, reading);
        add(toRow(mean, mean.quality === 'forecast' ? 'forecast' : 'real_time'));
      }
    },
    backfill(readings) {
      for (const reading of readings) add(toRow(reading, 'historical'));
    },
    mix(reading, mix) {
      if (reading.quality === 'yearly-average') return;
      const mean = meanOfHour(hours, { ...reading, energyMix: mix });
      add(toRow(mean, mean.quality === 'forecast' ? 'forecast' : 'real_time'));
    },
    async flush() {
      const rows = [...pending.values()];
      if (rows.length === 0) return true;
      try {
        await store.record(rows);
        pending.clear();
        return true;
      } catch (err) {
        metrics.storeFailures.inc();
        logger.error(
          { err, pending: rows.length },
          'the store did not take the history; it is kept for the next round',
        );
        return false;
      } finally {
        metrics.storePending.set(pending.size);
      }
    },
  };
}

/** Keeps the steps of the zone's present hour of one provider, and tells their mean. */
function meanOfHour(hours: Map<Zone, Map<EpochMs, IntensitySample>>, reading: IntensitySample): IntensitySample {
  const { zone, provider, signal, datetime } = reading;
  const known = hours.get(zone);
  const [any] = known?.values() ?? [];
  const same = any && any.provider === provider && any.signal === signal && hourOf(any.datetime) === hourOf(datetime);
  const steps = same && known ? known : new Map<EpochMs, IntensitySample>();
  const before = steps.get(datetime);
  if (!before || supersedes(reading, before)) steps.set(datetime, reading);
  hours.set(zone, steps);
  return hourlyReadings([...steps.values()])[0] ?? reading;
}

function toRow(reading: IntensitySample, dataQuality: DataQuality): HourlyIntensity {
  const { zone, carbonIntensity, provider, signal, quality, emissionFactorType, estimationMethod, updatedAt } = reading;
  const { energyMix, datetime } = reading;
  return {
    zone,
    hour: hourOf(datetime),
    carbonIntensity,
    provider,
    signal,
    quality,
    emissionFactorType,
    estimationMethod,
    updatedAt,
    dataQuality,
    ...(energyMix && { energyMix }),
  };
}
