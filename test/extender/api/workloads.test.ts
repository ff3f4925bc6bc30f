import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createApiMetrics } from '../../../extender/api/api-metrics.ts';
import { createApp } from '../../../extender/api/app.ts';
import { builtInProfiles } from '../../../shared/calculator/service-profiles.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { capturedLog } from '../../captured-log.ts';
import { seedHistory } from '../../cli/history.ts';
import { NOW } from '../../cli/run.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteWorkloads, openSqliteWriter } from '../../shared/store/opened-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'api-workloads-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

const record = {
  service_name: 'q2q-ai',
  region: 'us-east-1',
  period_start: '2026-03-14T12:00:00Z',
  period_end: '2026-03-14T18:00:00Z',
  request_count: 100_000,
};

describe('POST /api/workloads', () => {
  it('calculates with the recorded intensity, saves, and answers 201; the same again is 200 and one record', async () => {
    await using api = await start();

    const first = await api.post(record);
    const second = await api.post({ ...record, request_count: 50_000 });
    const { body } = await api.get('/api/workloads');

    expect(first).toMatchObject({
      status: 201,
      body: { created: 1, updated: 0, workloads: [{ total_gCO2e: 22_512.5 }] },
    });
    expect(second).toMatchObject({ status: 200, body: { created: 0, updated: 1 } });
    expect(body.workloads).toHaveLength(1);
    expect(body.workloads[0]).toMatchObject({
      service_name: 'q2q-ai',
      period_start: '2026-03-14T12:00:00.000Z',
      total_gCO2e: 11_256.25,
      gCO2e_per_1k_requests: 225.125,
      assumptions: { zone: 'US-MIDA-PJM', intensity_quality: 'measured', intensity_coverage: 1 },
    });
  });

  it('weights by the hours of use when they are told', async () => {
    await using api = await start();
    const usage = [
      { hour: '2026-03-14T13:00:00Z', requests: 1 },
      { hour: '2026-03-14T19:00:00Z', requests: 3 },
    ];

    const { body } = await api.post({ ...record, region: 'DE', period_end: '2026-03-15T00:00:00Z', usage });

    expect(body.workloads[0].avg_grid_gCO2_per_kWh).toBe(200);
  });

  it('takes measured energy and known emissions as they are', async () => {
    await using api = await start();

    const { body } = await api.post({ ...record, service_name: 'ledger', total_kWh: 2, total_gCO2e: 500 });

    expect(body.workloads[0]).toMatchObject({ total_kWh: 2, total_gCO2e: 500, avg_grid_gCO2_per_kWh: 250 });
  });

  it('saves nothing of a list with a fault, and names each record and the nearest valid choice', async () => {
    await using api = await start();
    const list = [
      record,
      { ...record, service_name: 'q2qai' },
      { ...record, period_end: '2026-01-01', period_start: '2025-12-31' },
    ];

    const { status, body } = await api.post(list);

    expect(status).toBe(409);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/1', '/2']);
    expect(body.errors[0].detail).toContain('did you mean "q2q-ai"');
    expect((await api.get('/api/workloads')).body.workloads).toEqual([]);
  });

  it('names all that is wrong with one record', async () => {
    await using api = await start();

    const { status, body } = await api.post({
      ...record,
      ...{ service_name: 'q2qai', region: 'us-eest-1', period_start: 'noon', request_count: 1.5 },
    });

    const details = body.errors.map(({ detail }: { detail: string }) => detail);
    expect(status).toBe(422);
    expect(details).toHaveLength(4);
    for (const named of ['1.5', 'q2qai', 'us-eest-1', 'noon'])
      expect(details).toContainEqual(expect.stringContaining(named));
  });

  it('names both bad times of a range', async () => {
    await using api = await start();

    const { status, body } = await api.get('/api/workloads?start_time=yesterday&end_time=2026-02-30');

    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/start_time', '/end_time']);
  });

  it.each([
    [{ ...record, request_count: '5' }, '/request_count'],
    [{ ...record, extra: 1 }, '/extra'],
    [{ ...record, total_gCO2e: 5 }, '/total_gCO2e'],
  ])('refuses %j with 400', async (body, pointer) => {
    await using api = await start();

    const answer = await api.post(body);

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });
});

describe('GET /api/workloads', () => {
  it('narrows by service, region and range, and names a bad time', async () => {
    await using api = await start();
    await api.post([record, { ...record, region: 'FR' }]);

    const french = await api.get('/api/workloads?region=FR&service=q2q-ai');
    const before = await api.get('/api/workloads?end_time=2026-03-14');
    const bad = await api.get('/api/workloads?start_time=yesterday');

    expect(french.body.workloads.map(({ region }: { region: string }) => region)).toEqual(['FR']);
    expect(before.body.workloads).toEqual([]);
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ pointer: '/start_time' }] } });
  });
});

describe('GET /api/budgets', () => {
  it('shows the burn-down of services and namespaces, and null where nothing is known', async () => {
    await using api = await start();
    await api.post(record);
    await api.workloads.setBudget({ kind: 'service', name: 'q2q-ai', per: 'month', grams: 25_000 });
    await api.workloads.setBudget({ kind: 'service', name: 'other', per: 'month', grams: 5 });
    await api.workloads.setBudget({ kind: 'namespace', name: 'shop', per: 'week', grams: 4000 });

    const { body } = await api.get('/api/budgets');

    // Two days of 0.432 kWh at 100 g by night and 2.16 kWh at 500 g by day.
    expect(body.budgets).toMatchObject([
      { kind: 'namespace', name: 'shop', used_gCO2e: expect.closeTo(2246.4, 6), state: 'ok', coverage: 1 },
      { kind: 'service', name: 'other', used_gCO2e: null, used_share: null, state: 'unknown' },
      { kind: 'service', name: 'q2q-ai', used_gCO2e: 22_512.5, used_share: 0.9005, state: 'warning' },
    ]);
  });
});

async function start() {
  const folder = join(root, String(++folders));
  await seedHistory(folder);
  const store = openSqliteWriter(folder);
  const workloads = openSqliteWorkloads(folder);
  const app = createApp({
    store,
    workloads,
    profiles: builtInProfiles(),
    zoneOfNode: (node) => (node === 'node-1' ? zone('DE') : undefined),
    clock: new FakeClock(NOW),
    logger: capturedLog(),
    metrics: createApiMetrics(),
    mode: 'local',
    token: undefined,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into an answer whose shape it is about to check.
    return { status: response.status, body: (await response.json()) as any };
  };
  return {
    workloads,
    get: (path: string) => ask(path, {}),
    post: (body: unknown) =>
      ask('/api/workloads', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await workloads[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
