import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describedRoutes } from '../../../../extender/api/app.ts';
import { NOON, start, web } from '../start-api.ts';

const WEB = { namespace: 'shop', pod: 'web-0', container: 'app' };
const RANGE = { start_time: '2026-01-01T11:00:00Z', end_time: '2026-01-01T12:00:00Z' };

/** A good request of every described operation. */
const REQUESTS: readonly [method: 'get' | 'post', path: string, query?: string, body?: object][] = [
  ['get', '/api/containers'],
  ['post', '/api/power-consumption', '', { n: 3 }],
  ['post', '/api/co2-per-container', '', { ...WEB, countries: ['DE', 'FR', 'ZZ'], n: 2 }],
  ['post', '/api/co2-range', '', { ...WEB, countries: ['DE'], ...RANGE }],
  ['get', '/api/co2-intensities'],
  ['get', '/api/emissions', '?window=24h&step=1h&aggregate=pod,node&includeIdle=true'],
  ['get', '/api/export-time-series', '?limit=2'],
  ['get', '/health'],
  ['get', '/api/status'],
];

describe('the description of the API', () => {
  it('is served as it stands in docs/openapi.json', async () => {
    await using api = await start();

    const { body, type } = await api.get('/openapi.json');

    const written = readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8');
    expect(type).toContain('application/json');
    expect(body).toEqual(JSON.parse(written));
    expect(body.openapi).toBe('3.1.0');
  });

  it('tells of every path and method that the server has', async () => {
    await using api = await start();
    const { body } = await api.get('/openapi.json');
    const all = describedRoutes();

    const missing = all.filter(
      ({ method, path }) => !body.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()],
    );

    expect(all.length).toBeGreaterThan(8);
    expect(missing).toEqual([]);
    for (const [path, methods] of Object.entries<Record<string, object>>(body.paths))
      for (const method of Object.keys(methods)) {
        // Meter readings have a store of their own, which this server was not given.
        if (/^.(readings|sites)/.test(path)) continue;
        const { status } = await fetch(api.url + path, { method: method.toUpperCase() });
        expect([status, path]).not.toEqual([404, path]);
        expect([status, path]).not.toEqual([405, path]);
      }
  });

  it.each(REQUESTS)('has the answer of %s %s%s as the server gives it', async (method, path, query = '', body) => {
    await using api = await start();
    await api.hour(-1, [web, 3_600], [{ ...web, pod: 'job-0', node: '', powerQuality: 'simulated' }, 60]);
    await api.intensity('DE', -1, 300);
    const route = describedRoutes().find((known) => known.path === path && known.method.toLowerCase() === method);

    const answer = await (method === 'get' ? api.get(path + query) : api.post(path, body));

    expect(answer.status).toBe(200);
    expect(route?.operation?.answer.schema.safeParse(answer.body).error?.issues).toBeUndefined();
    expect(JSON.stringify(answer.body).length).toBeGreaterThan(50);
    expect(NOON).toBeGreaterThan(0);
  });

  it('is a page that loads nothing from elsewhere and runs nothing', async () => {
    await using api = await start();

    const response = await fetch(`${api.url}/docs`);
    const page = await response.text();

    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page).not.toMatch(/<script|<img|<link|https?:|@import|url\(|style="/);
    for (const { method, path } of describedRoutes())
      expect(page).toContain(`<code>${method} ${path.replace(/:(\w+)/g, '{$1}')}</code>`);
  });
});
