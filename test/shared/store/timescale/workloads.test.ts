import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { startTimescaledb, timescaledbAvailable } from '../../../servers/timescaledb.ts';
import { openTimescaleWorkloads, openTimescaleWriter } from '../opened-parts.ts';
import { workload, workloadsContract } from '../workloads-contract.ts';

const SERVERS = [
  { name: 'plain PostgreSQL', here: postgresAvailable(), start: startPostgres },
  { name: 'TimescaleDB', here: timescaledbAvailable(), start: startTimescaledb },
];

const COLUMNS =
  'service_name,region,period_start,period_end,request_count,total_kwh,avg_kwh_per_request,total_gco2e,gco2e_per_1k_requests,avg_grid_gco2_per_kwh,min_grid_gco2_per_kwh,max_grid_gco2_per_kwh,calculation_method,assumptions,metadata,created_at,updated_at,id,zone';

for (const { name, here, start } of SERVERS) {
  describe.skipIf(!here)(name, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    workloadsContract(name, async () => openTimescaleWorkloads(await server.database()));

    it('has the columns, the key and the indexes that people query by', async () => {
      const dsn = await server.database();
      await using store = openTimescaleWorkloads(dsn);
      await store.saveWorkloads([workload()]);
      const client = new pg.Client({ connectionString: dsn });
      await client.connect();
      const rows = async (sql: string) => (await client.query({ text: sql, rowMode: 'array' })).rows.flat();

      const columns = await rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'workload_emissions' ORDER BY ordinal_position",
      );
      const types = await rows(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'workload_emissions' AND column_name IN ('assumptions', 'metadata')",
      );
      const indexes = await rows(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'workload_emissions' ORDER BY indexname",
      );
      const found = await rows(
        'SELECT total_kWh::float8 FROM workload_emissions WHERE metadata @> \'{"team": "it\'\'s us"}\'',
      );
      await client.end();

      expect(columns.join(',')).toBe(COLUMNS);
      expect(types).toEqual(['jsonb', 'jsonb']);
      expect(indexes.join('\n')).toMatch(/UNIQUE INDEX .* \(service_name, region, period_start, period_end\)/);
      expect(indexes).toHaveLength(7);
      expect(found).toEqual([1.25]);
    });

    it('stands beside the history in one database, whoever comes first', async () => {
      const dsn = await server.database();
      await using workloads = openTimescaleWorkloads(dsn);
      await using history = openTimescaleWriter(dsn);

      const [budgets, zones] = await Promise.all([workloads.budgets(), history.zones()]);

      expect([budgets, zones]).toEqual([[], []]);
    });
  });
}
