import type { SQLInputValue } from 'node:sqlite';
import type { Budget, BudgetBook, SavedWorkload, WorkloadEmissions, WorkloadStore } from '../../records/workloads.ts';
import type { SqliteDatabase } from './database.ts';
import type { SqliteFile } from './file.ts';

const COLUMNS = [
  'service_name',
  'region',
  'period_start',
  'period_end',
  'request_count',
  'total_kWh',
  'avg_kWh_per_request',
  'total_gCO2e',
  'gCO2e_per_1k_requests',
  'avg_grid_gCO2_per_kWh',
  'min_grid_gCO2_per_kWh',
  'max_grid_gCO2_per_kWh',
  'calculation_method',
] as const satisfies readonly (keyof WorkloadEmissions)[];

const KEY = ['service_name', 'region', 'period_start', 'period_end'];
const CHANGING = [...COLUMNS.filter((column) => !KEY.includes(column)), 'assumptions', 'metadata', 'updated_at'];

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const SAVE = `INSERT INTO workload_emissions (${COLUMNS.join(', ')}, assumptions, metadata, created_at, updated_at)
  VALUES (${COLUMNS.map(() => '?').join(', ')}, ?, ?, ${NOW}, ${NOW})
  ON CONFLICT DO UPDATE SET ${CHANGING.map((column) => `${column} = excluded.${column}`).join(', ')}`;

type Row = Omit<SavedWorkload, 'assumptions' | 'metadata'> & {
  readonly assumptions: string;
  readonly metadata: string;
  readonly zone: string | null;
};

/** Workloads and budgets in the embedded store; none while there is no file yet. */
export function sqliteWorkloads(file: SqliteFile): WorkloadStore {
  return {
    async saveWorkloads(records) {
      const database = file.writer();
      return database.writeSoon(() => {
        const count = () => database.get<{ n: number }>('SELECT count(*) AS n FROM workload_emissions')?.n ?? 0;
        const before = count();
        for (const record of records) save(database, record);
        const created = count() - before;
        return { created, updated: records.length - created };
      });
    },
    async workloads({ service = null, region = null }, { from, to }) {
      const rows = file.reader()?.all<Row>(
        `SELECT * FROM workload_emissions WHERE period_end > ?1 AND period_start < ?2
         AND (?3 IS NULL OR service_name = ?3) AND (?4 IS NULL OR region = ?4)
         ORDER BY period_start, service_name, region, period_end`,
        from,
        to,
        service,
        region,
      );
      // The zone is a column for people; the record has it among its assumptions.
      return (rows ?? []).map(({ zone: _zone, assumptions, metadata, ...row }) => ({
        ...row,
        assumptions: JSON.parse(assumptions),
        metadata: JSON.parse(metadata),
      }));
    },
    ...budgetBook(file),
  };
}

function budgetBook(file: SqliteFile): BudgetBook {
  const changed = (sql: string, ...values: SQLInputValue[]) => {
    const database = file.writer();
    return database.writeSoon(() => database.run(sql, ...values));
  };
  return {
    async budgets() {
      return (
        file
          .reader()
          ?.all<Budget>('SELECT * FROM carbon_budgets ORDER BY kind, name, per')
          .map((row) => ({ ...row })) ?? []
      );
    },
    async setBudget({ kind, name, per, grams }) {
      await changed(
        `INSERT INTO carbon_budgets (kind, name, per, grams) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET grams = excluded.grams, alerted_period = NULL, alerted_share = 0`,
        ...[kind, name, per, grams],
      );
    },
    async removeBudget({ kind, name, per }) {
      const sql = 'DELETE FROM carbon_budgets WHERE kind = ? AND name = ? AND per = ?';
      return (await changed(sql, kind, name, per)) > 0;
    },
    async noteAlert({ kind, name, per }, period, share) {
      await changed(
        'UPDATE carbon_budgets SET alerted_period = ?, alerted_share = ? WHERE kind = ? AND name = ? AND per = ?',
        ...[period, share, kind, name, per],
      );
    },
  };
}

function save(database: SqliteDatabase, record: WorkloadEmissions): void {
  const { assumptions, metadata } = record;
  database.run(SAVE, ...COLUMNS.map((column) => record[column]), JSON.stringify(assumptions), JSON.stringify(metadata));
}
