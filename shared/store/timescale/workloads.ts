import type { Budget, BudgetBook, SavedWorkload, WorkloadEmissions, WorkloadStore } from '../../records/workloads.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { canBeStored } from './stored-text.ts';

/** Columns as PostgreSQL names them, with their types; a time is milliseconds since 1970 in the program. */
const COLUMNS = {
  service_name: 'text',
  region: 'text',
  period_start: 'time',
  period_end: 'time',
  request_count: 'bigint',
  total_kWh: 'numeric',
  avg_kWh_per_request: 'numeric',
  total_gCO2e: 'numeric',
  gCO2e_per_1k_requests: 'numeric',
  avg_grid_gCO2_per_kWh: 'numeric',
  min_grid_gCO2_per_kWh: 'numeric',
  max_grid_gCO2_per_kWh: 'numeric',
  calculation_method: 'text',
  assumptions: 'jsonb',
  metadata: 'jsonb',
} as const satisfies Record<keyof WorkloadEmissions, string>;

const NAMES = Object.keys(COLUMNS) as (keyof WorkloadEmissions)[];
const KEY = ['service_name', 'region', 'period_start', 'period_end'];
const CHANGING = NAMES.filter((name) => !KEY.includes(name)).map((name) => `${name} = excluded.${name}`);
const SAVE = `INSERT INTO workload_emissions (${NAMES.join(', ')})
  VALUES (${NAMES.map((_, index) => `$${index + 1}`).join(', ')})
  ON CONFLICT (${KEY.join(', ')}) DO UPDATE SET ${CHANGING.join(', ')}, updated_at = now()
  RETURNING (xmax = 0) AS created`;

const ms = (column: string) => `floor(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`;
const FIND = `SELECT ${NAMES.map(selected).join(', ')}, ${ms('created_at')}, ${ms('updated_at')}
  FROM workload_emissions WHERE period_end > $1 AND period_start < $2
  AND ($3::text IS NULL OR service_name = $3) AND ($4::text IS NULL OR region = $4)
  ORDER BY workload_emissions.period_start, service_name COLLATE "C", region COLLATE "C", workload_emissions.period_end`;

/** Workloads and budgets in PostgreSQL. */
export function timescaleWorkloads(database: TimescaleDatabase): WorkloadStore {
  return {
    saveWorkloads: (records) =>
      database.transaction(async (connection) => {
        let created = 0;
        for (const record of records) if (await saved(connection, record)) created += 1;
        return { created, updated: records.length - created };
      }),
    async workloads({ service = null, region = null }, { from, to }) {
      if (!canBeStored(service) || !canBeStored(region)) return [];
      return database.query<SavedWorkload>(FIND, [new Date(from), new Date(to), service, region]);
    },
    ...budgetBook(database),
  };
}

function budgetBook(database: TimescaleDatabase): BudgetBook {
  return {
    budgets: () =>
      database.query<Budget>(
        `SELECT kind, name, per, grams, ${ms('alerted_period')}, alerted_share FROM carbon_budgets
         ORDER BY kind, name COLLATE "C", per`,
      ),
    async setBudget({ kind, name, per, grams }) {
      await database.query(
        `INSERT INTO carbon_budgets (kind, name, per, grams) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, name, per)
         DO UPDATE SET grams = excluded.grams, alerted_period = NULL, alerted_share = 0`,
        [kind, name, per, grams],
      );
    },
    async removeBudget({ kind, name, per }) {
      const sql = 'DELETE FROM carbon_budgets WHERE kind = $1 AND name = $2 AND per = $3 RETURNING name';
      return (await database.query(sql, [kind, name, per])).length > 0;
    },
    async noteAlert({ kind, name, per }, period, share) {
      const sql =
        'UPDATE carbon_budgets SET alerted_period = $4, alerted_share = $5 WHERE kind = $1 AND name = $2 AND per = $3';
      await database.query(sql, [kind, name, per, new Date(period), share]);
    },
  };
}

async function saved(connection: Connection, record: WorkloadEmissions): Promise<boolean> {
  const { rows } = await connection.query<{ created: boolean }>(
    SAVE,
    NAMES.map((name) => given(name, record)),
  );
  return rows[0]?.created === true;
}

function given(name: keyof WorkloadEmissions, record: WorkloadEmissions): unknown {
  if (COLUMNS[name] === 'time') return new Date(record[name] as number);
  return COLUMNS[name] === 'jsonb' ? JSON.stringify(record[name]) : record[name];
}

function selected(name: keyof WorkloadEmissions): string {
  if (COLUMNS[name] === 'time') return ms(name);
  // Unquoted names fold to lower case: the quotes give the row's fields their own. Counts stay exact to 2^53.
  const isNumber = COLUMNS[name] === 'bigint' || COLUMNS[name] === 'numeric';
  return isNumber ? `${name}::float8 AS "${name}"` : `${name} AS "${name}"`;
}
