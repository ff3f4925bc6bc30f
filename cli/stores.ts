import { join } from 'node:path';
import type { Decision } from '../shared/records/placements.ts';
import type { ReadableStore, TimeRange } from '../shared/records/power.ts';
import type { WorkloadStore } from '../shared/records/workloads.ts';
import { openStore } from '../shared/store/open.ts';
import { STORE_FILE } from '../shared/store/sqlite/file.ts';
import type { Store } from '../shared/store/store.ts';
import type { CliConfig } from './settings.ts';

/** Opens the store, passes it to a function, and closes it. */
export async function withStore<Result>(config: CliConfig, use: (store: Store) => Promise<Result>): Promise<Result> {
  try {
    await using store = await openStore(config);
    return await use(store);
  } catch (error) {
    throw withFile(error, config);
  }
}

/** Opens the history, passes it to a function, and closes it. */
export function withHistory<Result>(
  config: CliConfig,
  use: (history: ReadableStore) => Promise<Result>,
): Promise<Result> {
  return withStore(config, ({ history }) => use(history));
}

/** Opens workloads and budgets, passes them to a function, and closes them. */
export function withWorkloads<Result>(
  config: CliConfig,
  use: (workloads: WorkloadStore) => Promise<Result>,
): Promise<Result> {
  return withStore(config, ({ workloads }) => use(workloads));
}

/** Decisions of a range by the time of binding, oldest first. */
export async function recordedDecisions({ decisions }: Store, range: TimeRange): Promise<readonly Decision[]> {
  return Array.fromAsync(decisions.decisions(range));
}

/** Adds the file to an error of SQLite, which does not name it. */
function withFile(error: unknown, { DATA_DIR }: CliConfig): unknown {
  const path = join(DATA_DIR, STORE_FILE);
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR')
    if (!error.message.includes(path)) error.message = `${path}: ${error.message}`;
  return error;
}
