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
import { hourlySamples } from './providers/hourly-means.ts';
import { type NamedZone, namesOf } from './zone-names.ts';

/** Rows kept while the store cannot be written; beyond that the oldest are dropped. */
const MOST_PENDING = 100_000;

/** Buffers the history of every accepted sample until the store has it. */
export interface History {
  /** Adds the newest samples; several of one hour become their mean. Yearly averages are not recorded. */
  observe(samples: readonly IntensitySample[]): void;
  /** Adds past hours that were fetched later. */
  backfill(samples: readonly IntensitySample[]): void;
  /** Adds the energy mix of an hour to its row. */
  mix(sample: IntensitySample, mix: EnergyMix): void;
  /** Writes the pending rows; false when the store could not be written, and the rows stay pending. */
  flush(): Promise<boolean>;
}

/** Makes the buffer before a store. */
export function openHistory(options: {
  readonly store: Pick<IntensityWriter, 'record'>;
  readonly metrics: GridMetrics;
  readonly logger: Logger;
  /** The names of ZONES; absent: rows are kept under zone codes. */
  readonly named?: readonly NamedZone[];
}): History {
  const { store, metrics, logger, named = [] } = options;
  const pending = new Map<string, HourlyIntensity>();
  const hours = new Map<Zone, Map<EpochMs, IntensitySample>>();
  const add = (row: HourlyIntensity) => {
    addPending(pending, row, named);
    for (const dropped of dropOldest(pending))
      logger.error(
        { code: 'GRID_HISTORY_DROPPED', row: dropped },
        'dropped the oldest row of the intensity history: the store cannot be written; check the database',
      );
  };
  return {
    observe(samples) {
      for (const sample of samples) {
        if (sample.quality === 'yearly-average') continue;
        const mean = meanOfHour(hours, sample);
        add(toRow(mean, mean.quality === 'forecast' ? 'forecast' : 'real_time'));
      }
    },
    backfill(samples) {
      for (const sample of samples) add(toRow(sample, 'historical'));
    },
    mix(sample, mix) {
      if (sample.quality === 'yearly-average') return;
      const mean = meanOfHour(hours, { ...sample, energyMix: mix });
      add(toRow(mean, mean.quality === 'forecast' ? 'forecast' : 'real_time'));
    },
    async flush() {
      const entries = [...pending];
      const rows = entries.map(([, row]) => row);
      if (rows.length === 0) return true;
      try {
        await store.record(rows);
        // Rows that were added or replaced meanwhile stay.
        for (const [key, row] of entries) if (pending.get(key) === row) pending.delete(key);
        return true;
      } catch (err) {
        metrics.storeFailures.inc();
        logger.error(
          { code: 'GRID_HISTORY_NOT_WRITTEN', err, pending: rows.length },
          'could not write the intensity history to the store; keeping it for the next poll cycle',
        );
        return false;
      } finally {
        metrics.storePending.set(pending.size);
      }
    },
  };
}

/** Adds a row, or replaces the one of the same zone, hour and signal where that is not better. */
function addPending(pending: Map<string, HourlyIntensity>, row: HourlyIntensity, named: readonly NamedZone[]): void {
  const key = `${row.zone} ${row.hour} ${row.signal}`;
  const known = pending.get(key);
  if (known && !supersedes(row, known)) return;
  const names = namesOf(named, row.zone);
  const isOwnCode = names.length === 0 || (names.length === 1 && names[0] === row.zone);
  const energyMix = row.energyMix ?? known?.energyMix;
  pending.set(key, { ...row, energyMix, ...(!isOwnCode && { regionNames: names }) });
}

/** Removes the oldest rows beyond the limit; returns their keys. */
function dropOldest(pending: Map<string, HourlyIntensity>): string[] {
  const dropped: string[] = [];
  for (const oldest of pending.keys()) {
    if (pending.size <= MOST_PENDING) break;
    pending.delete(oldest);
    dropped.push(oldest);
  }
  return dropped;
}

/** Adds a sample to the steps of its zone's present hour, and returns their mean. */
function meanOfHour(hours: Map<Zone, Map<EpochMs, IntensitySample>>, sample: IntensitySample): IntensitySample {
  const { zone, provider, signal, datetime } = sample;
  const known = hours.get(zone);
  const [any] = known?.values() ?? [];
  const same = any && any.provider === provider && any.signal === signal && hourOf(any.datetime) === hourOf(datetime);
  const steps = same && known ? known : new Map<EpochMs, IntensitySample>();
  const before = steps.get(datetime);
  if (!before || supersedes(sample, before)) steps.set(datetime, sample);
  hours.set(zone, steps);
  return hourlySamples([...steps.values()])[0] ?? sample;
}

function toRow(sample: IntensitySample, dataQuality: DataQuality): HourlyIntensity {
  const { zone, carbonIntensity, provider, signal, quality, emissionFactorType, estimationMethod, updatedAt } = sample;
  const { energyMix, datetime } = sample;
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
