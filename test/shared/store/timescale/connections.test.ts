// Flow: poller and extender of one replica on one database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startApiThread } from '../../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../../extender/config.ts';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { startPoller } from '../../../../poller/poller.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { startSlack } from '../../../doubles/slack.ts';
import { describeDatabase } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';

const folder = mkdtempSync(join(tmpdir(), 'connections-'));
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'carbon-extender'";

describeDatabase('a replica of poller and extender', (server) => {
  it('opens at most 15 connections, however many requests come at once', { timeout: 60_000 }, async () => {
    const dsn = await server().database();
    await using slack = await startSlack();
    const env = { MODE: 'db', TSDB_DSN: dsn, DATA_DIR: folder, CACHE_FILE: join(folder, 'cache.json') };
    const pollerEnv = { POLLER_PORT: '0', POLLER_HOST: '127.0.0.1', SLACK_WEBHOOK_URL: slack.url };
    const grid = { GRID_PROVIDERS: 'yearly-average', ZONES: 'DE', EXPORTER_URL: 'http://127.0.0.1:1/metrics' };
    const log = capturedLog();
    await using _poller = await startPoller(
      loadConfig('poller', pollerConfigSchema, { ...env, ...pollerEnv, ...grid }),
      { logger: log },
    );
    const api = { API_HOST: '127.0.0.1', API_PORT: '0', LOG_LEVEL: 'silent' };
    await using thread = await startApiThread(
      loadConfig('extender', extenderConfigSchema, { ...env, ...api }),
      capturedLog(),
    );
    const paths = ['/health', '/api/status', '/api/containers', '/sites', '/api/budgets', '/api/savings'];
    const counts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 60 }, (_, index) =>
        fetch(`http://127.0.0.1:${thread.port}${paths[index % paths.length]}`).then((response) => response.text()),
      );
      counts.push(Number((await query(dsn, COUNT))[0]?.n));
      await Promise.all(calls);
      counts.push(Number((await query(dsn, COUNT))[0]?.n));
    }

    const leases = await query(dsn, 'SELECT purpose FROM carbon_leases ORDER BY purpose');
    expect(leases.map(({ purpose }) => purpose)).toEqual(['alerts', 'budgets', 'recording']);
    expect(Math.max(...counts)).toBeGreaterThan(4);
    expect(Math.max(...counts)).toBeLessThanOrEqual(15);
  });
});
