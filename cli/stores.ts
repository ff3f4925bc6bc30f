import { join } from 'node:path';
import type { ReadableStore } from '../shared/records/power.ts';
import type { WorkloadStore } from '../shared/records/workloads.ts';
import { openReadableStore } from '../shared/store/open.ts';
import { openWorkloadStore } from '../shared/store/open-workloads.ts';
import { STORE_FILE } from '../shared/store/sqlite/store.ts';
import type { CliConfig } from './settings.ts';

/** Opens the history, passes it to a function, and closes it. */
export async function withHistory<Result>(
  config: CliConfig,
  use: (history: ReadableStore) => Promise<Result>,
): Promise<Result> {
  // A file of an older version would look empty: opening it for writing migrates it.
  if (config.MODE === 'local') await withWorkloads(config, (store) => store.budgets());
  try {
    await using history = await openReadableStore(config);
    return await use(history);
  } catch (error) {
    throw withFile(error, config);
  }
}

/** Adds the file to an error of SQLite, which does not name it. */
function withFile(error: unknown, { DATA_DIR }: CliConfig): unknown {
  const path = join(DATA_DIR, STORE_FILE);
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR')
    if (!error.message.includes(path)) error.message = `${path}: ${error.message}`;
  return error;
}

/** Opens workloads and budgets, passes them to a function, and closes them. */
export async function withWorkloads<Result>(
  config: CliConfig,
  use: (workloads: WorkloadStore) => Promise<Result>,
): Promise<Result> {
  try {
    await using workloads = await openWorkloadStore(config);
    return await use(workloads);
  } catch (error) {
    throw withFile(error, config);
  }
}
