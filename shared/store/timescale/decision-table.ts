import { DECISION_COLUMNS, DECISION_FIELDS, type Decision, type DecisionStore } from '../../records/placements.ts';
import type { TimescaleDatabase } from './database.ts';

const TIMES: ReadonlySet<keyof Decision> = new Set(['arrivedAt', 'releasedAt', 'latestStart', 'decidedAt', 'boundAt']);
const CHANGING = DECISION_FIELDS.filter((field) => field !== 'uid').map(
  (field) => `${DECISION_COLUMNS[field]} = excluded.${DECISION_COLUMNS[field]}`,
);
const INSERT = `INSERT INTO placement_decisions (${DECISION_FIELDS.map((field) => DECISION_COLUMNS[field]).join(', ')})
  VALUES (${DECISION_FIELDS.map((_, at) => `$${at + 1}`).join(', ')}) ON CONFLICT (uid) DO UPDATE SET ${CHANGING.join(', ')}
  WHERE excluded.candidates > 0`;
const SELECT = `SELECT ${DECISION_FIELDS.map(selected).join(', ')} FROM placement_decisions
  WHERE bound_at >= $1 AND bound_at < $2 ORDER BY bound_at, uid COLLATE "C"`;

/** Decisions in PostgreSQL. */
export function timescaleDecisions(database: TimescaleDatabase): DecisionStore {
  return {
    recordDecisions: (decisions) =>
      database.transaction(async (connection) => {
        for (const decision of decisions) await connection.query(INSERT, DECISION_FIELDS.map(fieldOf(decision)));
      }),
    async *decisions({ from, to }) {
      yield* await database.query<Decision>(SELECT, [new Date(from), new Date(to)]);
    },
    forgetDecisionsBefore: (time) =>
      database.transaction(async (connection) => {
        const sql = 'DELETE FROM placement_decisions WHERE bound_at < $1';
        return (await connection.query(sql, [new Date(time)])).rowCount ?? 0;
      }),
  };
}

function fieldOf(decision: Decision): (field: keyof Decision) => unknown {
  return (field) =>
    TIMES.has(field) && decision[field] !== null ? new Date(decision[field] as number) : decision[field];
}

function selected(field: keyof Decision): string {
  const column = DECISION_COLUMNS[field];
  if (!TIMES.has(field)) return `${column} AS "${field}"`;
  return `floor(extract(epoch FROM ${column}) * 1000)::float8 AS "${field}"`;
}
