import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';
import {
  DECISION_COLUMNS,
  DECISION_FIELDS,
  type Decision,
  type DecisionReader,
  type DecisionStore,
} from '../../records/placements.ts';
import type { TimeRange } from '../../records/power.ts';
import { openForWriting, type SqliteDatabase } from './database.ts';

const INSERT = `INSERT OR REPLACE INTO decision (${Object.values(DECISION_COLUMNS).join(', ')}) VALUES (${DECISION_FIELDS.map(() => '?').join(', ')})`;
const SELECT = `SELECT ${DECISION_FIELDS.map((field) => `${DECISION_COLUMNS[field]} AS "${field}"`).join(', ')} FROM decision
  WHERE bound_at >= ? AND bound_at < ? ORDER BY bound_at, uid`;

/** Opens the embedded store for decisions alone, on a connection of its own beside the poller's. */
export function openSqliteDecisions(folder: string, file: string): DecisionStore {
  mkdirSync(folder, { recursive: true });
  const database = openForWriting(join(folder, file));
  return {
    async recordDecisions(decisions) {
      database.write(() => {
        for (const decision of decisions)
          database.run(INSERT, ...DECISION_FIELDS.map((field) => decision[field] as SQLInputValue));
      });
    },
    forgetDecisionsBefore: async (time) =>
      database.write(() => database.run('DELETE FROM decision WHERE bound_at < ?', time)),
    ...sqliteDecisionReader(() => database),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
    },
  };
}

/** Reads decisions; empty while there is no database yet. */
export function sqliteDecisionReader(source: () => SqliteDatabase | undefined): DecisionReader {
  return {
    async *decisions({ from, to }: TimeRange) {
      yield* source()?.all<Decision>(SELECT, from, to) ?? [];
    },
  };
}
