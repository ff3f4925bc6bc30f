import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApiThread } from '../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { gramsPerKwh, HOUR_MS, watts } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { type ReadingsApiServer, send, startReadingsApi } from '../readings-api-server.ts';

const NOON = Date.parse('2026-04-01T12:00:00Z');
const MINUTE = 60_000;

let folder: string;
let api: ReadingsApiServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sites-'));
  api = await startReadingsApi({ DATA_DIR: folder, SITE_ZONES: 'quay-1=DE, dock-9=FR' }, new FakeClock(NOON));
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Readings of a device every 5 minutes over [from, to], of constant power. */
async function meter(siteId: string, deviceId: string, power: number, from: number, to: number): Promise<void> {
  const count = Math.round((to - from) / (5 * MINUTE)) + 1;
  await api.readings.store.appendReadings(
    Array.from({ length: count }, (_, at) => {
      const timestamp = from + at * 5 * MINUTE;
      return { siteId, deviceId, watts: watts(power), timestamp, streamId: `${timestamp}-0` };
    }),
  );
}

async function intensity(code: string, hour: number, value: number): Promise<void> {
  const carbonIntensity = gramsPerKwh(value);
  const facts = { provider: 'test-grid', signal: 'average', quality: 'measured' } as const;
  await api.store.record([{ zone: zone(code), hour, carbonIntensity, ...facts }]);
}

async function get(path: string): Promise<{ status: number; body: never }> {
  const response = await fetch(`${api.url}${path}`);
  return { status: response.status, body: (await response.json()) as never };
}

describe('GET /sites', () => {
  it('lists sites with readings and sites with only a configured zone', async () => {
    await meter('quay-1', 'm-1', 100, NOON - HOUR_MS, NOON);
    await meter('attic', 'm-1', 100, NOON, NOON);

    const { body } = await get('/sites');

    expect(body).toEqual({
      sites: [
        site('attic', { devices: 1, first: NOON, last: NOON }),
        site('dock-9', { zone: 'FR', zone_source: 'configuration' }),
        site('quay-1', { zone: 'DE', zone_source: 'configuration', devices: 1, first: NOON - HOUR_MS, last: NOON }),
      ],
    });
  });
});

describe('PUT /sites/{site_id}', () => {
  it('gives a zone that comes before the configured one, until it is taken away', async () => {
    const url = `${api.url}/sites/quay-1`;

    const given = await send(url, { zone: 'us-ca' }, { method: 'PUT' });
    const taken = await send(url, { zone: null }, { method: 'PUT' });

    expect(given).toMatchObject({ status: 200, body: { zone: 'US-CAL-CISO', zone_source: 'api' } });
    expect(taken).toMatchObject({ status: 200, body: { zone: 'DE', zone_source: 'configuration' } });
  });

  it('refuses what is no zone and what is no site', async () => {
    const wrongZone = await send(`${api.url}/sites/quay-1`, { zone: 'somewhere nice' }, { method: 'PUT' });
    const wrongSite = await send(`${api.url}/sites/%20b`, { zone: 'DE' }, { method: 'PUT' });
    const nothing = await send(`${api.url}/sites/quay-1`, {}, { method: 'PUT' });

    expect([wrongZone.status, wrongSite.status, nothing.status]).toEqual([400, 400, 400]);
    expect(nothing.body).toMatchObject({ errors: [{ pointer: '/zone', detail: 'is missing' }] });
  });

  it('allows GET and PUT only where they are', async () => {
    const response = await fetch(`${api.url}/sites/quay-1`, { method: 'DELETE' });

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'PUT']);
  });
});

describe('GET /sites/{site_id}/readings', () => {
  it('has all that is stored in one response, however old and however many', async () => {
    const old = { site_id: 'Hall 7', device_id: 'm', power_reading: 1, timestamp: '2024-01-15T10:30:00Z' };
    await send(`${api.url}/readings`, old);
    for (let batch = 0; batch < 2; batch += 1)
      await send(
        `${api.url}/readings`,
        Array.from({ length: 6_000 }, (_, n) => ({
          ...old,
          timestamp: new Date(NOON - (batch * 6_000 + n) * 1_000).toISOString(),
        })),
      );

    const { body } = await get('/sites/Hall%207/readings');
    const later = await get('/sites/Hall%207/readings?from=2025-01-01T00:00:00');

    expect(body).toHaveLength(12_001);
    expect(body[0]).toMatchObject({ site_id: 'Hall 7', timestamp: '2024-01-15T10:30:00.000Z' });
    const times = (body as unknown as readonly { timestamp: string }[]).map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
    expect(later.body).toHaveLength(12_000);
  });

  it('says how many readings a page may have', async () => {
    for (const limit of ['0', '10001', '1.5', 'all', '']) {
      const response = await fetch(`${api.url}/sites/quay-1/readings?limit=${limit}`);

      const { errors } = (await response.json()) as { readonly errors?: readonly object[] };
      expect(errors).toEqual([{ pointer: '/limit', detail: 'is not a whole number from 1 to 10000' }]);
    }
  });

  it('has Link headers from page to page, and none on the last', async () => {
    await meter('quay-1', 'm 1', 7.5, NOON - HOUR_MS, NOON - 5 * MINUTE);
    await meter('quay-1', 'm 2', 9, NOON - HOUR_MS, NOON - 5 * MINUTE);

    const seen: object[] = [];
    let next: string | undefined = '/sites/quay-1/readings?limit=5';
    let pages = 0;
    while (next !== undefined && pages < 20) {
      const response: Response = await fetch(api.url + next);
      seen.push(...((await response.json()) as object[]));
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
      pages += 1;
    }

    expect(pages).toBe(5);
    expect(new Set(seen.map((item) => JSON.stringify(item))).size).toBe(24);
    expect(seen[0]).toEqual({
      site_id: 'quay-1',
      device_id: 'm 1',
      power_reading: 7.5,
      timestamp: '2026-04-01T11:00:00.000Z',
      stream_id: `${NOON - HOUR_MS}-0`,
    });
  });

  it('gives what was sent', async () => {
    const sent = { site_id: 'quay-1', device_id: 'm-1', power_reading: 3.25, timestamp: '2026-04-01T13:59:30+02:00' };
    const { body } = await send(`${api.url}/readings`, sent);

    const found = await get('/sites/quay-1/readings');

    expect(found.body).toMatchObject([
      { power_reading: 3.25, timestamp: '2026-04-01T11:59:30.000Z', stream_id: body.stream_id },
    ]);
  });

  it.each([
    ['/sites/nowhere/readings', 200],
    ['/sites/nowhere/emissions', 404],
    ['/sites/quay-1/readings?from=yesterday', 400],
    ['/sites/quay-1/readings?limit=0', 400],
    ['/sites/quay-1/readings?limit=ten', 400],
    ['/sites/quay-1/readings?cursor=abc', 400],
    ['/sites/quay-1/readings?from=2026-04-02T00:00:00Z&to=2026-04-01T00:00:00Z', 409],
    ['/sites/quay-1/readings?colour=red', 400],
  ])('answers %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });
});

describe('GET /sites/{site_id}/emissions', () => {
  it('prices energy hour by hour with the intensity of the zone', async () => {
    await meter('quay-1', 'm-1', 1_000, NOON - 2 * HOUR_MS, NOON);
    await meter('quay-1', 'm-2', 500, NOON - HOUR_MS, NOON);
    await intensity('DE', NOON - 2 * HOUR_MS, 400);
    await intensity('DE', NOON - HOUR_MS, 200);

    const { body } = await get('/sites/quay-1/emissions?from=2026-04-01T10:00:00Z&to=2026-04-01T12:00:00Z');

    // 1 kWh at 400 g, then 1.5 kWh at 200 g.
    expect(body).toMatchObject({
      zone: 'DE',
      intensity_basis: 'zone',
      joules: 2.5 * 3_600_000,
      grams: 700,
      intensity_g_per_kwh: 280,
      quality: 'measured',
      coverage: { power: 0.75, emissions: 0.75 },
      devices: [
        { device_id: 'm-1', grams: 600, coverage: { power: 1, emissions: 1 } },
        { device_id: 'm-2', grams: 100, coverage: { power: 0.5, emissions: 0.5 } },
      ],
      hours: [
        { hour: '2026-04-01T10:00:00.000Z', grams: 400 },
        { hour: '2026-04-01T11:00:00.000Z', grams: 300 },
      ],
    });
  });

  it('leaves unknown what is unknown: no zone, no power over long gaps, no intensity', async () => {
    await meter('attic', 'm-1', 1_000, NOON - HOUR_MS, NOON);
    await meter('quay-1', 'm-1', 1_000, NOON - 3 * HOUR_MS, NOON - 3 * HOUR_MS);
    await meter('quay-1', 'm-1', 1_000, NOON - HOUR_MS, NOON);
    await intensity('DE', NOON - 3 * HOUR_MS, 400);

    const { body: zoneless } = await get('/sites/attic/emissions');
    const { body: priceless } = await get('/sites/quay-1/emissions?from=2026-04-01T09:00:00Z');
    const { body: silent } = await get('/sites/dock-9/emissions');

    expect(zoneless).toMatchObject({ zone: null, joules: 3_600_000, grams: null, coverage: { emissions: 0 } });
    expect(priceless).toMatchObject({ joules: 3_600_000, grams: null, quality: null });
    expect(silent).toMatchObject({ zone: 'FR', joules: null, grams: null, devices: [], hours: [] });
  });

  it('gives neighbouring ranges that add up to the whole', async () => {
    await meter('quay-1', 'm-1', 730, NOON - HOUR_MS, NOON);
    await intensity('DE', NOON - HOUR_MS, 333);
    const grams = async (from: string, to: string) =>
      ((await get(`/sites/quay-1/emissions?from=2026-04-01T${from}Z&to=2026-04-01T${to}Z`)).body as { grams: number })
        .grams;

    const whole = await grams('11:00:00', '12:00:00');
    const parts = (await grams('11:00:00', '11:17:13')) + (await grams('11:17:13', '12:00:00'));

    expect(parts).toBeCloseTo(whole, 9);
  });
});

describe('the API thread', () => {
  it('takes readings and gives them back', async () => {
    const config = loadConfig('extender', extenderConfigSchema, {
      DATA_DIR: join(folder, 'thread'),
      API_HOST: '127.0.0.1',
      API_PORT: '0',
      SITE_ZONES: 'quay-1=DE',
      LOG_LEVEL: 'silent',
    });
    await using thread = await startApiThread(config, capturedLog());
    const url = `http://127.0.0.1:${thread.port}`;
    const timestamp = new Date().toISOString();

    await send(`${url}/readings`, { site_id: 'quay-1', device_id: 'm-1', power_reading: 5, timestamp });
    const found = await fetch(`${url}/sites/quay-1/readings?from=${timestamp}&to=2100-01-01T00:00:00Z`);

    expect(await found.json()).toMatchObject([{ power_reading: 5, timestamp }]);
  });
});

function site(
  site_id: string,
  facts: { zone?: string; zone_source?: string; devices?: number; first?: number; last?: number },
) {
  const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
  const { zone: code = null, zone_source = null, devices = 0, first, last } = facts;
  return { site_id, zone: code, zone_source, devices, first_reading: iso(first), last_reading: iso(last) };
}
