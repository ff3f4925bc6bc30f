import type { NodeZoneStore } from '../records/node-zones.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';
import { openSqliteNodeZones } from './sqlite/node-zones.ts';
import { STORE_FILE } from './sqlite/store.ts';

/** Opens the store that the configuration names for the zones of nodes. */
export async function openNodeZones(config: StoreConfig): Promise<NodeZoneStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteNodeZones(config.DATA_DIR, STORE_FILE);
    case 'db': {
      const { openTimescaleNodeZones } = await import('./timescale/node-zones.ts');
      return openTimescaleNodeZones(dsnOf(config));
    }
    default:
      return config.MODE satisfies never;
  }
}
