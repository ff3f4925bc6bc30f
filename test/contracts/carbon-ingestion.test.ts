// Flow: document 002's environment variables and integration test, on a PostgreSQL that `--once` fills from a documented service.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { execFile } from '../children.ts';
import { temporaryFolder } from '../cli/run.ts';
import { GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { available } from '../servers/available.ts';
import { describeDatabase } from '../servers/databases.ts';
import { query } from '../servers/query.ts';
import { makeCheckout } from './checkout.ts';

/** tests/integration/test-co2e-pipeline.sh of the document. */
const INTEGRATION_TEST = `#!/bin/bash
set -e

echo "Testing CO2e Pipeline Integration..."

# 1. Verify database schema
psql "$DATABASE_URL" -c "SELECT 1 FROM co2e_emissions LIMIT 1;" || {
  echo "FAIL: co2e_emissions table not found"
  exit 1
}

# 2. Run ingestion script
./scripts/finops/co2e-ingest.sh || {
  echo "FAIL: Ingestion script failed"
  exit 1
}

# 3. Verify data was inserted
COUNT=$(psql "$DATABASE_URL" -tAc "SELECT COUNT(*) FROM co2e_emissions WHERE created_at > NOW() - INTERVAL '5 minutes';")
if [ "$COUNT" -lt 1 ]; then
  echo "FAIL: No new data ingested"
  exit 1
fi

# 4. Run calculator
ts-node scripts/finops/co2e-calculator.ts \\
  --service q2q-ai --region us-east-1 --requests 100 || {
  echo "FAIL: Calculator failed"
  exit 1
}

echo "PASS: All integration tests passed"
`;

/** The mix of the document's response, in percent of its 15,600 MW, as NUMERIC(5,2) keeps it. */
const MIX = { solar: '5.00', wind: '7.98', hydro: '2.88', nuclear: '11.86', coal: '33.85', gas: '36.47', oil: '0.77' };

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const { checkout, path } = makeCheckout(folder.path);

describeDatabase('the pipeline of document 002', (server) => {
  it.skipIf(!available('psql', 'apt-get install postgresql-client'))(
    'passes its integration test with the two variables that it requires',
    { timeout: 120_000 },
    async () => {
      await using service = await startElectricityMaps({ 'US-MIDA-PJM': 450.25, DE: 280.5 });
      service.isProductionOnly = true;
      const dsn = await server().database();
      // MODE is not set: the address of a database implies it, for the poller and the calculator.
      const env = {
        ...{ ELECTRICITY_MAPS_API_KEY: GOOD_KEY, DATABASE_URL: dsn, PATH: path, HOME: folder.path },
        ...{ ELECTRICITY_MAPS_URL: service.url.replace('/v4', '/v3'), GRID_PROVIDERS: 'electricity-maps' },
        ...{ ZONES: 'us-east-1,eu-central-1', CACHE_FILE: join(folder.path, 'cache.json'), DATA_DIR: folder.path },
      };
      const bash = (script: string) => {
        writeFileSync(join(checkout, 'script.sh'), script);
        // The double answers from this process, so the script must not block it.
        return new Promise<{ code: number | null; out: string }>((resolve) => {
          const child = execFile('bash', ['script.sh'], { cwd: checkout, env }, (_, out, error) =>
            resolve({ code: child.exitCode, out: out + error }),
          );
        });
      };

      const first = await bash('./scripts/finops/co2e-ingest.sh');
      const { code, out } = await bash(INTEGRATION_TEST);
      const latest = await query(
        dsn,
        `SELECT DISTINCT ON (region) region, gCO2_per_kWh::float8 AS grams, source, energy_mix_solar AS solar, energy_mix_wind AS wind,
         energy_mix_hydro AS hydro, energy_mix_nuclear AS nuclear, energy_mix_coal AS coal, energy_mix_gas AS gas,
         energy_mix_oil AS oil, energy_mix_other AS other
         FROM co2e_emissions WHERE energy_mix_solar IS NOT NULL ORDER BY region, timestamp DESC`,
      );
      const workloads = await query(
        dsn,
        'SELECT service_name, region, total_gCO2e::float8 AS grams FROM workload_emissions',
      );

      expect([first.code, code], out).toEqual([0, 0]);
      expect(out).toContain('PASS: All integration tests passed');
      expect(out).toContain('Grid Intensity:   450.25 gCO2/kWh (avg)');
      const facts = { source: 'electricity_maps', ...MIX, other: '1.19' };
      expect(latest).toEqual([
        { region: 'eu-central-1', grams: 280.5, ...facts },
        { region: 'us-east-1', grams: 450.25, ...facts },
      ]);
      // 100 requests of 0.5 Wh are 0.05 kWh.
      expect(workloads).toEqual([{ service_name: 'q2q-ai', region: 'us-east-1', grams: expect.closeTo(22.5125, 6) }]);
    },
  );
});
