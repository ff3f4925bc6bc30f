import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OPERATIONS } from '../../../../extender/api/openapi/operations.ts';
import type { WaitingList } from '../../../../extender/deferral/waiting-list.ts';
import { type CachedRegion, cacheState, encodeCarbonCache } from '../../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../../shared/grid/carbon-cache-decode.ts';
import { gramsPerKwh } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { decision } from '../../../shared/store/decisions-contract.ts';
import { NOON, start, web } from '../start-api.ts';

const WEB = { namespace: 'shop', pod: 'web-0', container: 'app' };
const RANGE = { start_time: '2026-01-01T11:00:00Z', end_time: '2026-01-01T12:00:00Z' };
const READING = { site_id: 'quay-1', device_id: 'm-1', power_reading: 120, timestamp: '2026-01-01T11:30:00Z' };
const WORKLOAD = {
  service_name: 'q2q-ai',
  region: 'DE',
  period_start: '2026-01-01T11:00:00Z',
  period_end: '2026-01-01T12:00:00Z',
  request_count: 1_000,
};

const POINT = { datetime: NOON, carbonIntensity: gramsPerKwh(40) };
const REGION: CachedRegion = {
  ...{ zone: zone('DE'), carbonIntensity: gramsPerKwh(300), datetime: NOON, fetchedAt: NOON, updatedAt: null },
  ...{ createdAt: null, emissionFactorType: 'lifecycle', isEstimated: true, estimationMethod: null, provider: 'test' },
  ...{ signal: 'average', quality: 'estimated', forecast: [POINT], forecastSource: 'test' },
};
/** A fresh cache with one zone and its forecast. */
const GRID = cacheState(decodeCarbonCache(encodeCarbonCache([REGION], NOON, 10) ?? ''), NOON);

/** One pod that waits with its plan. */
const WAITING: WaitingList = {
  deferral: 'on',
  total: 1,
  entries: [
    {
      ...{ kind: 'Pod', namespace: 'shop', name: 'job-0', arrivedAt: NOON },
      ...{ plannedStart: NOON + 3_600_000, deadline: NOON + 7_200_000, expectedSavingPercent: 12 },
    },
  ],
};

/** A good request of every described operation. */
const REQUESTS: readonly [method: 'get' | 'post' | 'put', path: string, query?: string, body?: object][] = [
  ['get', '/api/containers'],
  ['post', '/api/power-consumption', '', { n: 3 }],
  ['post', '/api/co2-per-container', '', { ...WEB, countries: ['DE', 'FR', 'ZZ'], n: 2 }],
  ['post', '/api/co2-range', '', { ...WEB, countries: ['DE'], ...RANGE }],
  ['get', '/api/co2-intensities'],
  ['get', '/api/emissions', '?window=24h&step=1h&aggregate=pod,node&includeIdle=true'],
  ['get', '/allocation', '?window=24h'],
  ['get', '/allocation/compute', '?window=24h&aggregate=namespace&includeIdle=true&step=1d'],
  ['get', '/api/export-time-series', '?limit=2'],
  ['get', '/api/statement', '?month=2026-01'],
  ['get', '/api/export', '?format=json&by=hour&window=24h'],
  ['get', '/api/savings'],
  ['get', '/api/node-power'],
  ['get', '/api/services'],
  ['get', '/api/recorded-jobs', '?start_time=2026-01-01T10:00:00Z&end_time=2026-01-01T12:00:00Z'],
  ['get', '/api/grid'],
  ['get', '/api/forecast', '?zone=DE'],
  ['get', '/api/decisions'],
  ['get', '/api/waiting'],
  ['post', '/api/workloads', '', WORKLOAD],
  ['get', '/api/workloads'],
  ['get', '/api/budgets'],
  ['post', '/readings', '', { ...READING, timestamp: '2026-01-01T11:50:00Z' }],
  ['get', '/sites'],
  ['put', '/sites/quay-1', '', { zone: 'FR' }],
  ['get', '/sites/quay-1/readings', '?limit=1'],
  ['get', '/sites/quay-1/emissions'],
  ['get', '/openapi.json'],
  ['get', '/health'],
  ['get', '/api/status'],
];

describe('the description of the API', () => {
  it('is served as docs/openapi.json has it', async () => {
    await using api = await start();

    const { body, type } = await api.get('/openapi.json');

    const written = readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8');
    expect(type).toContain('application/json');
    expect(body).toEqual(JSON.parse(written));
    expect(body.openapi).toBe('3.1.0');
  });

  it('has every path and method that the server has, and no other', async () => {
    await using api = await start();
    const { body } = await api.get('/openapi.json');
    const described = new Set(OPERATIONS);

    const undescribed = api.operations.filter((operation) => !described.has(operation));

    expect(api.operations.length).toBeGreaterThan(20);
    expect(undescribed).toEqual([]);
    for (const [path, methods] of Object.entries<Record<string, object>>(body.paths))
      for (const method of Object.keys(methods)) {
        const { status } = await fetch(api.url + path.replace('{site_id}', 'quay-1'), { method: method.toUpperCase() });
        expect([status, path]).not.toEqual([404, path]);
        expect([status, path]).not.toEqual([405, path]);
      }
  });

  it('has schemas of the request and the response of every one of them', () => {
    const all = OPERATIONS;

    for (const operation of all) {
      const { method, path, response, body, query, params } = operation;
      const place = `${method} ${path}`;
      expect(operation.summary, place).not.toBe('');
      expect(response.schema, place).toBeInstanceOf(z.ZodType);
      expect(body !== undefined, `${place} has a body`).toBe(method !== 'GET');
      for (const [, name = ''] of path.matchAll(/:(\w+)/g))
        expect(Object.keys(params?.shape ?? {}), place).toContain(name);
      for (const type of [body, query, params]) if (type) expect(type, place).toBeInstanceOf(z.ZodType);
    }
    expect(all.length).toBeGreaterThan(15);
  });

  it('has a good request of every one of them in this test', () => {
    const tried = new Set(
      REQUESTS.map(([method, path]) => `${method.toUpperCase()} ${path.replace('quay-1', ':site_id')}`),
    );
    const json = OPERATIONS.filter(({ response }) => response.types?.includes('application/json') ?? true);

    const untried = json.map(({ method, path }) => `${method} ${path}`).filter((name) => !tried.has(name));

    expect(untried).toEqual(['GET /healthz', 'GET /readyz']);
  });

  it.each(REQUESTS)('has the response of %s %s%s as the server sends it', async (method, path, query = '', body) => {
    await using api = await start(
      undefined,
      () => GRID,
      () => WAITING,
    );
    await api.hour(-1, [web, 3_600], [{ ...web, pod: 'job-0', node: '', powerQuality: 'simulated' }, 60]);
    await api.intensity('DE', -1, 300);
    await api.decide({ ...decision('web', NOON - 3_600_000), pod: web.pod });
    await api.post('/readings', [READING, { ...READING, timestamp: '2026-01-01T11:40:00Z' }]);
    await api.workloads.setBudget({ kind: 'service', name: 'q2q-ai', per: 'month', grams: 5 });
    if (method === 'get') await api.post('/api/workloads', WORKLOAD);
    const described = path.replace('quay-1', ':site_id');
    const operation = OPERATIONS.find((known) => known.path === described && known.method.toLowerCase() === method);
    const { schema, status = 200 } = operation?.response ?? {};

    const response = await (method === 'get' ? api.get(path + query) : api.send(method, path, body));

    expect(response.status).toBe(status);
    expect(schema?.safeParse(response.body)).toMatchObject({ success: true });
    expect(JSON.stringify(response.body).length).toBeGreaterThan(50);
  });

  it('is a page that loads nothing from elsewhere and runs nothing', async () => {
    await using api = await start();

    const response = await fetch(`${api.url}/docs`);
    const page = await response.text();

    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page).not.toMatch(/<script|<img|<link|https?:|@import|url\(|style="/);
    for (const { method, path } of OPERATIONS)
      expect(page).toContain(`<code>${method} ${path.replace(/:(\w+)/g, '{$1}')}</code>`);
  });
});
