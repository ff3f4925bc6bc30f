import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../shared/records/power.ts';
import { NOON, start, web } from './start-api.ts';

const odd: Container = { namespace: 'shop', pod: 'a,"b"', container: '=cmd', node: '' };

describe('GET /api/export-time-series', () => {
  it('gives every raw sample with its block', async () => {
    await using api = await start();
    await api.power(15, 30);
    await api.power(75, 45);

    const { body } = await api.get('/api/export-time-series');

    expect(body).toEqual([
      {
        pod: 'web-0',
        container: 'app',
        namespace: 'shop',
        timestamp: '2026-01-01T12:00:15.000Z',
        joules_per_second: 2,
        block_start: '2026-01-01T12:00:00.000Z',
        block_end: '2026-01-01T12:01:00.000Z',
        joules: 30,
        start: '2026-01-01T12:00:00.000Z',
        node: 'n1',
        power_quality: 'measured',
        gpu_joules: null,
      },
      expect.objectContaining({ joules_per_second: 3, block_start: '2026-01-01T12:01:00.000Z' }),
    ]);
  });

  it.each([
    ['/api/export-time-series?format=ndjson', {}, 'application/x-ndjson'],
    ['/api/export-time-series', { accept: 'application/x-ndjson' }, 'application/x-ndjson'],
    ['/api/export-time-series', { accept: 'text/csv' }, 'text/csv'],
    ['/api/export-time-series?format=csv', { accept: 'application/json' }, 'text/csv'],
  ])('writes %s for %j as %s', async (path, headers, type) => {
    await using api = await start();
    await api.power(15, 30);
    await api.power(30, 45);

    const response = await fetch(api.url + path, { headers });
    const lines = (await response.text()).trim().split(/\r?\n/);

    expect(response.headers.get('content-type')).toContain(type);
    expect(lines).toHaveLength(type === 'text/csv' ? 3 : 2);
    expect(lines.at(-1)).toContain('2026-01-01T12:00:30.000Z');
  });

  it('quotes what CSV needs quoted, and lets no name run as a formula', async () => {
    await using api = await start();
    await api.store.append({
      target: 't',
      samples: [{ container: odd, start: NOON - 1000, end: NOON, joules: 3 as never }],
    });

    const text = await (await fetch(`${api.url}/api/export-time-series?format=csv`)).text();

    expect(text.split('\r\n')[1]).toMatch(/^"a,""b""",'=cmd,shop,2026-01-01T12:00:00.000Z,3,/);
  });

  it('has Link headers from page to page, to the same rows as in one response, and none on the last', async () => {
    await using api = await start();
    for (let end = 15; end <= 150; end += 15) await api.power(end, end);
    await api.hour(-1, [odd, 600]);
    await api.store.compact(NOON);
    const whole = (await api.get('/api/export-time-series')).body;

    const pages: unknown[][] = [];
    let next: string | undefined = '/api/export-time-series?limit=7';
    while (next !== undefined && pages.length < 40) {
      const response = await fetch(api.url + next);
      pages.push((await response.json()) as unknown[]);
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }

    expect(whole).toHaveLength(70);
    expect(pages.map((page) => page.length)).toEqual(Array.from({ length: 10 }, () => 7));
    expect(pages.flat()).toEqual(whole);
  });

  it('gives neighbouring ranges each sample once', async () => {
    await using api = await start();
    for (let end = 15; end <= 90; end += 15) await api.power(end, end);

    const ask = (from: string, to: string) =>
      api.get(`/api/export-time-series?start_time=2026-01-01T${from}Z&end_time=2026-01-01T${to}Z`);
    const first = await ask('12:00:00', '12:00:40');
    const second = await ask('12:00:40', '12:02:00');

    expect([first.body.length, second.body.length]).toEqual([2, 4]);
  });

  it('waits for a client that reads slowly, and answers others meanwhile', async () => {
    await using api = await start();
    for (let hour = -6; hour < 0; hour += 1)
      await api.hour(hour, ...Array.from({ length: 60 }, (_, n) => [{ ...web, pod: `web-${n}` }, 60] as const));

    const slow = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      request(`${api.url}/api/export-time-series`, resolve).end();
    });
    const meanwhile = await api.get('/health');
    let rows = 0;
    for await (const piece of slow) rows += String(piece).split('"timestamp"').length - 1;

    expect(meanwhile.status).toBe(200);
    expect(rows).toBeGreaterThan(60 * 6 * 59);
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=', '/limit'],
    ['limit=1e2', '/limit'],
    ['cursor=here', '/cursor'],
    ['format=xml', '/format'],
    ['start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z', '/end_time'],
  ])('refuses %s', async (query, pointer) => {
    await using api = await start();

    const { status, body } = await api.get(`/api/export-time-series?${query}`);

    expect(status).toBe(pointer === '/end_time' ? 409 : 400);
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });

  it('refuses forms that it cannot write', async () => {
    await using api = await start();

    const { status, type } = await api.get('/api/export-time-series', { accept: 'image/png' });

    expect([status, type]).toEqual([406, expect.stringContaining('application/problem+json')]);
  });
});
