import { type AlertMemory, alertStateSchema } from '../alert-memory.ts';
import { migratedDatabase } from './migrate.ts';

/** Longest time that one statement may take, in milliseconds. */
const STATEMENT_MS = 10_000;

const LOAD = 'SELECT state FROM alert_state WHERE name = $1';
const SAVE = `INSERT INTO alert_state (name, state) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated_at = now()`;

/** Keeps the state of alerts in PostgreSQL under a name. Asks for no connection yet: the database may be away. */
export function openTimescaleAlertMemory(dsn: string, name: string): AlertMemory {
  const database = migratedDatabase(dsn, { connections: 1, timeoutMs: STATEMENT_MS });
  return {
    async load() {
      const [row] = await database.query<{ state: unknown }>(LOAD, [name]);
      return row && alertStateSchema.parse(row.state);
    },
    async save(state) {
      await database.query(SAVE, [name, JSON.stringify(state)]);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
