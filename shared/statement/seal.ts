import { createHash } from 'node:crypto';
import { rowText, type StatementRow } from './rows.ts';
import type { Statement } from './statement.ts';

/** SHA-256 in hexadecimal of some rows, whatever their order. */
export function rowsHash(rows: readonly StatementRow[]): string {
  return sha256(rows.map(rowText).sort().join('\n'));
}

/** The seal of a statement's content: SHA-256 of its JSON with sorted keys, without a seal. */
export function sealOf(statement: Omit<Statement, 'seal'>): Statement['seal'] {
  const { seal: _, ...content } = statement as Statement;
  return { algorithm: 'sha256', value: sha256(canonical(content)) };
}

/** Adds the seal. */
export function sealed(statement: Omit<Statement, 'seal'>): Statement {
  return { ...statement, seal: sealOf(statement) };
}

/** A value of a statement that is another one when it is computed again. */
export interface StatementDifference {
  /** Where it is, such as `energy.kwh` or `2026-11-03: energy rows`. */
  readonly place: string;
  readonly stated: string;
  readonly computed: string;
}

/** Facts of a statement that are of its making, and not of its rows. */
const OF_ITS_MAKING = new Set(['created_at', 'software', 'seal', 'method', 'days']);

/** What differs between a statement and the one that its rows give now; empty where nothing does. */
export function differencesOf(stated: Statement, computed: Statement): readonly StatementDifference[] {
  const found: StatementDifference[] = [];
  const days = new Set([...stated.days, ...computed.days].map(({ day }) => day));
  for (const day of [...days].sort()) {
    const of = ({ days: all }: Statement) => all.find((one) => one.day === day);
    compare(day, of(stated), of(computed), found);
  }
  for (const key of Object.keys(stated) as (keyof Statement)[])
    if (!OF_ITS_MAKING.has(key)) compare(key, stated[key], computed[key], found);
  return found;
}

function compare(place: string, stated: unknown, computed: unknown, found: StatementDifference[]): void {
  if (canonical(stated) === canonical(computed)) return;
  if (!isRecord(stated) || !isRecord(computed)) {
    found.push({ place, stated: shown(stated), computed: shown(computed) });
    return;
  }
  for (const key of new Set([...Object.keys(stated), ...Object.keys(computed)]))
    compare(`${place}.${key}`, stated[key], computed[key], found);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** JSON with the keys of objects in the order of their code units. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      isRecord(part) && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? ''
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
