import { type AlertMemory, alertStateSchema } from '../alert-memory.ts';
import type { TimescaleDatabase } from './database.ts';

const LOAD = 'SELECT state FROM alert_state WHERE name = $1';
const SAVE = `INSERT INTO alert_state (name, state) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated_at = now()`;

/** Keeps the state of alerts in PostgreSQL under a name. */
export function timescaleAlertMemory(database: TimescaleDatabase, name: string): AlertMemory {
  return {
    async load() {
      const [row] = await database.query<{ state: unknown }>(LOAD, [name]);
      return row && alertStateSchema.parse(row.state);
    },
    async save(state) {
      await database.query(SAVE, [name, JSON.stringify(state)]);
    },
  };
}
