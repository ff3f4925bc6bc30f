import type { SQLInputValue } from 'node:sqlite';
import { DECISION_COLUMNS, DECISION_FIELDS, type Decision, type DecisionStore } from '../../records/placements.ts';
import type { TimeRange } from '../../records/power.ts';
import type { SqliteFile } from './file.ts';

const INSERT = `INSERT OR REPLACE INTO decision (${Object.values(DECISION_COLUMNS).join(', ')}) VALUES (${DECISION_FIELDS.map(() => '?').join(', ')})`;
const SELECT = `SELECT ${DECISION_FIELDS.map((field) => `${DECISION_COLUMNS[field]} AS "${field}"`).join(', ')} FROM decision
  WHERE bound_at >= ? AND bound_at < ? ORDER BY bound_at, uid`;

/** Decisions in the embedded store; none while there is no file yet. */
export function sqliteDecisions(file: SqliteFile): DecisionStore {
  return {
    async recordDecisions(decisions) {
      const database = file.writer();
      await database.writeSoon(() => {
        for (const decision of decisions)
          database.run(INSERT, ...DECISION_FIELDS.map((field) => decision[field] as SQLInputValue));
      });
    },
    forgetDecisionsBefore: async (time) => {
      const database = file.writer();
      return database.writeSoon(() => database.run('DELETE FROM decision WHERE bound_at < ?', time));
    },
    async *decisions({ from, to }: TimeRange) {
      yield* file.reader()?.all<Decision>(SELECT, from, to) ?? [];
    },
  };
}
