import type { StoreConfig } from '../runtime/settings.ts';
import { alertFile } from './alert-file.ts';
import type { AlertMemory } from './alert-memory.ts';
import { dsnOf } from './open.ts';

/** Opens the memory of alerts beside the store that the configuration names; pollers with the same RECORDING_LEASE_NAME share one. */
export async function openAlertMemory(
  config: StoreConfig & { readonly RECORDING_LEASE_NAME: string },
): Promise<AlertMemory> {
  switch (config.MODE) {
    case 'local':
      return alertFile(config.DATA_DIR);
    case 'db': {
      const { openTimescaleAlertMemory } = await import('./timescale/alert-memory.ts');
      return openTimescaleAlertMemory(dsnOf(config), config.RECORDING_LEASE_NAME);
    }
    default:
      return config.MODE satisfies never;
  }
}
