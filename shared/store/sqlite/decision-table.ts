import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';
import type { Decision, DecisionReader, DecisionWriter } from '../decisions.ts';
import type { TimeRange } from '../ports.ts';
import { type Database, openForWriting } from './database.ts';

/** Columns in the order in which they are written and read. */
const COLUMNS = {
  uid: 'uid',
  namespace: 'namespace',
  pod: 'pod',
  ownerKind: 'owner_kind',
  ownerName: 'owner_name',
  node: 'node',
  zone: 'zone',
  intensity: 'intensity',
  quality: 'quality',
  intensityAgeMs: 'intensity_age_ms',
  candidates: 'candidates',
  candidatesMean: 'candidates_mean',
  candidatesWorst: 'candidates_worst',
  candidatesBest: 'candidates_best',
  mode: 'mode',
  arrivedAt: 'arrived_at',
  releasedAt: 'released_at',
  decidedAt: 'decided_at',
  boundAt: 'bound_at',
} as const satisfies Record<keyof Decision, string>;

const FIELDS = Object.keys(COLUMNS) as (keyof Decision)[];
const INSERT = `INSERT OR REPLACE INTO decision (${Object.values(COLUMNS).join(', ')}) VALUES (${FIELDS.map(() => '?').join(', ')})`;
const SELECT = `SELECT ${FIELDS.map((field) => `${COLUMNS[field]} AS "${field}"`).join(', ')} FROM decision
  WHERE bound_at >= ? AND bound_at < ? ORDER BY bound_at, uid`;

/** Opens the embedded store for decisions alone, on a connection of its own beside the poller's. */
export function openSqliteDecisions(folder: string, file: string): DecisionWriter & DecisionReader {
  mkdirSync(folder, { recursive: true });
  const database = openForWriting(join(folder, file));
  return {
    async recordDecisions(decisions) {
      database.write(() => {
        for (const decision of decisions)
          database.run(INSERT, ...FIELDS.map((field) => decision[field] as SQLInputValue));
      });
    },
    ...sqliteDecisionReader(() => database),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
    },
  };
}

/** Reads decisions; empty while there is no database yet. */
export function sqliteDecisionReader(source: () => Database | undefined): DecisionReader {
  return {
    async *decisions({ from, to }: TimeRange) {
      yield* source()?.all<Decision>(SELECT, from, to) ?? [];
    },
  };
}
