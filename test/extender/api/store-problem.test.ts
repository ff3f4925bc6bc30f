import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { startApiThread } from '../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { postgresAvailable, startPostgres } from '../../servers/postgres.ts';
import { start as startEmbedded } from './start-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-fault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workload = {
  service_name: 'ledger',
  region: 'DE',
  period_start: '2026-03-14T12:00:00Z',
  period_end: '2026-03-14T18:00:00Z',
  request_count: 10,
  total_kWh: 1,
  total_gCO2e: 300,
};

describe.skipIf(!postgresAvailable())('the API while PostgreSQL is away', () => {
  it('answers 503 with Retry-After and a problem, and works again when it is back', { timeout: 60_000 }, async () => {
    await using postgres = await startPostgres();
    await using api = await start(await postgres.database());
    const saved = async (region: string) => (await api.save({ ...workload, region })).status;
    await expect.poll(() => saved('DE')).toBe(201);

    await postgres.kill();
    const paths = ['/api/workloads', '/api/containers', '/api/export-time-series?format=csv'];
    const away = [await api.save(workload), ...(await Promise.all(paths.map((path) => api.ask(path))))];
    await postgres.start();

    await expect.poll(() => saved('FR')).toBe(201);
    for (const { status, headers, body } of away) {
      expect([status, headers.get('retry-after')]).toEqual([503, '5']);
      expect(headers.get('content-type')).toMatch('application/problem+json');
      expect(headers.get('content-disposition')).toBeNull();
      expect(body).toMatchObject({ status: 503, title: 'Service Unavailable', detail: expect.any(String) });
      expect(JSON.stringify(body)).not.toContain(postgres.password);
    }
  });

  it('answers 422 to a value that PostgreSQL does not take', { timeout: 60_000 }, async () => {
    await using postgres = await startPostgres();
    await using api = await start(await postgres.database());

    const { status, headers } = await api.save({ ...workload, metadata: { note: 'a\u0000b' } });

    expect(status).toBe(422);
    expect(headers.get('content-type')).toMatch('application/problem+json');
  });
});

describe('the API on an embedded store that cannot be used', () => {
  it('responds 503 to queries and changes alike, and says why in /api/status', async () => {
    const data = join(folder, 'garbage');
    mkdirSync(data);
    writeFileSync(join(data, 'history.sqlite'), Buffer.alloc(8_192, 'garbage '));
    const env = { DATA_DIR: data, LOG_LEVEL: 'silent', API_HOST: '127.0.0.1', API_PORT: '0' };
    await using api = await startApiThread(loadConfig('extender', extenderConfigSchema, env), capturedLog());
    const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${api.port}${path}`, init);
    const headers = { 'content-type': 'application/json' };

    const refused = await Promise.all([
      ask('/api/containers'),
      ask('/api/workloads', { method: 'POST', headers, body: JSON.stringify(workload) }),
      ask('/sites/hall', { method: 'PUT', headers, body: '{"zone":"DE"}' }),
    ]);
    const status = await (await ask('/api/status')).json();

    expect(refused.map((response) => response.status)).toEqual([503, 503, 503]);
    expect(refused.map((response) => response.headers.get('retry-after'))).toEqual(['5', '5', '5']);
    expect(status).toMatchObject({ status: 'degraded', has_data: false, store: { status: 'unavailable' } });
  });
});

async function start(dsn: string) {
  const thread = await startApiThread(
    loadConfig('extender', extenderConfigSchema, {
      ...{ MODE: 'db', TSDB_DSN: dsn, DATA_DIR: folder, LOG_LEVEL: 'silent' },
      ...{ API_HOST: '127.0.0.1', API_PORT: '0' },
    }),
    capturedLog(),
  );
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${thread.port}${path}`, init);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const headers = { 'content-type': 'application/json' };
  return {
    ask,
    save: (body: object) => ask('/api/workloads', { method: 'POST', headers, body: JSON.stringify(body) }),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

describe('the API while the embedded store cannot be written', () => {
  it('answers 503 with Retry-After, and writes again afterwards', async () => {
    await using api = await startEmbedded();
    await api.send('PUT', '/sites/quay-1', { zone: 'DE' });
    using other = new DatabaseSync(join(api.folder, 'history.sqlite'));
    other.exec('BEGIN IMMEDIATE');

    const locked = await fetch(`${api.url}/sites/quay-1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"zone":"FR"}',
    });
    other.exec('ROLLBACK');
    const after = await api.send('PUT', '/sites/quay-1', { zone: 'FR' });

    expect([locked.status, locked.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await locked.json()).toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
    expect(after.status).toBe(200);
  });
});
