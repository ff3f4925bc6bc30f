import type { ActivitySource } from '../emissions/activity.ts';
import type { Contracts } from '../emissions/contracts.ts';
import { savingsLedger } from '../emissions/savings-ledger.ts';
import { type EpochMs, hourOf, isoTime } from '../grid/units.ts';
import type { DecisionReader } from '../records/placements.ts';
import type { PowerReader, TimeRange } from '../records/power.ts';
import { figuresOf } from './build.ts';
import { type StatementRows, statementRows } from './rows.ts';
import { sealed } from './seal.ts';
import { STATEMENT_METHOD, type Statement } from './statement.ts';

/** Which statement to make. */
export interface StatementQuery {
  /** Such as 2026-11. */
  readonly month: string;
  readonly range: TimeRange;
  /** Absent: everything that is recorded. */
  readonly namespace?: string | undefined;
}

/** What a statement says of itself. */
export interface StatementFacts {
  readonly cluster: string;
  readonly version: string;
  readonly now: EpochMs;
}

/** Where a statement's rows come from. */
export interface StatementSource extends ActivitySource {
  readonly store: ActivitySource['store'] & PowerReader;
  /** Absent: no placement decisions are recorded. */
  readonly decisions?: DecisionReader | undefined;
}

/** The time of a month in UTC, as far as it has passed: up to the last full hour. Undefined where it is not a month that has begun. */
export function monthRange(month: string, now: EpochMs): TimeRange | undefined {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined) return undefined;
  const from = Date.UTC(Number(year), Number(number) - 1);
  const to = Math.min(Date.UTC(Number(year), Number(number)), hourOf(now));
  return from < to ? { from, to } : undefined;
}

/** The rows of a statement, from a store. */
export async function* statementRowsFrom(source: StatementSource, query: StatementQuery): AsyncIterable<StatementRows> {
  const { range, namespace } = query;
  const all = source.decisions === undefined ? [] : await Array.fromAsync(source.decisions.decisions(range));
  const own = all.filter((decision) => namespace === undefined || decision.namespace === namespace);
  yield* statementRows(source, query, await savingsLedger(source.store, own, range, 'rollup'));
}

/** Makes and seals a statement of rows. */
export async function makeStatement(
  rows: AsyncIterable<StatementRows>,
  query: StatementQuery,
  { cluster, version, now }: StatementFacts,
  contracts: Contracts | undefined,
): Promise<Statement> {
  const { month, range, namespace = null } = query;
  return sealed({
    schema: 'carbon-extender/statement/1',
    ...{ cluster, namespace, month, from: isoTime(range.from), to: isoTime(range.to), created_at: isoTime(now) },
    software: { name: 'carbon-extender', version },
    method: [...STATEMENT_METHOD],
    ...contractFacts(contracts),
    ...(await figuresOf(range, rows)),
  });
}

/** Makes a statement again, of its own rows or of a store's, with what it says of itself. */
export async function remakeStatement(rows: AsyncIterable<StatementRows>, stated: Statement): Promise<Statement> {
  const range = { from: Date.parse(stated.from), to: Date.parse(stated.to) };
  return sealed({ ...stated, ...(await figuresOf(range, rows)) });
}

function contractFacts(contracts: Contracts | undefined): Pick<Statement, 'contracts' | 'residual_mixes'> {
  return {
    contracts: (contracts?.contracts ?? []).map(({ name, kind, zone, from, to, kwh, gramsPerKwh }) => ({
      ...{ name, kind, zone, from: isoTime(from), to: isoTime(to) },
      ...{ kwh: kwh.amount, per: kwh.per, g_per_kwh: gramsPerKwh },
    })),
    residual_mixes: (contracts?.residualMixes ?? []).map(({ zone, from, to, gramsPerKwh, source }) => ({
      ...{ zone, from: isoTime(from), to: isoTime(to), g_per_kwh: gramsPerKwh, source },
    })),
  };
}
