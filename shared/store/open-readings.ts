import type { MeterReadingsStore } from '../records/meter-readings.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';
import { openSqliteReadings } from './sqlite/readings-store.ts';

/** Opens meter readings and sites in the store that the configuration names. */
export async function openReadingsStore(config: StoreConfig): Promise<MeterReadingsStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteReadings(config.DATA_DIR);
    case 'db': {
      const { openTimescaleReadings } = await import('./timescale/readings-store.ts');
      return openTimescaleReadings(dsnOf(config));
    }
    default:
      return config.MODE satisfies never;
  }
}
