import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { yearlyIntensity } from '../../../shared/grid/yearly-intensity.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { NOON, start, web } from './start-api.ts';

const WEB = { namespace: 'shop', pod: 'web-0', container: 'app' };

describe('GET /api/containers', () => {
  it('lists containers with the time that their record spans, narrowed by name', async () => {
    await using api = await start();
    await api.power(15, 30);

    const all = await api.get('/api/containers');
    const none = await api.get('/api/containers?namespace=other');

    expect(all.body).toEqual([
      {
        ...web,
        power_quality: 'measured',
        gpu_power_quality: null,
        first_measurement: '2026-01-01T12:00:00.000Z',
        last_measurement: '2026-01-01T12:00:15.000Z',
      },
    ]);
    expect(none.body).toEqual([]);
  });
});

describe('POST /api/power-consumption', () => {
  it('gives the last n blocks of each container, a block being the samples of one minute', async () => {
    await using api = await start();
    for (const end of [15, 30, 60, 75, 90]) await api.power(end, 30 + end);

    const { body } = await api.post('/api/power-consumption', { n: 1, namespace: 'shop' });

    // 105 J and 120 J over 15 s each are 7 W and 8 W; 30 of the minute's 60 seconds are known.
    expect(body).toEqual([
      {
        ...web,
        quality: 'measured',
        blocks: [
          {
            block_start: '2026-01-01T12:01:00.000Z',
            block_end: '2026-01-01T12:02:00.000Z',
            coverage: 0.5,
            measurements: [
              { timestamp: '2026-01-01T12:01:15.000Z', joules_per_second: 7, joules: 105, gpu_joules: null },
              { timestamp: '2026-01-01T12:01:30.000Z', joules_per_second: 8, joules: 120, gpu_joules: null },
            ],
          },
        ],
      },
    ]);
  });
});

describe('POST /api/co2-per-container', () => {
  it('prices energy hour by hour', async () => {
    await using api = await start();
    // 3600 J over the 20 s around one o'clock: 180 W, half of it in each hour.
    await api.power(3610, 3600, 20);
    await api.intensity('DE', 0, 400);
    await api.intensity('DE', 1, 200, 'estimated');

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE'], n: 1 });

    // 1800 J are 0.0005 kWh: 0.0005 × 400 + 0.0005 × 200 = 0.3 g; the mean intensity is 300 g/kWh;
    // 180 W × 300 g/kWh / 3 600 000 = 0.015 g/s.
    const figures = body[0].co2_emissions_by_country.DE;
    expect(figures.grams).toBeCloseTo(0.3, 12);
    expect(figures.grams_per_second).toBeCloseTo(0.015, 12);
    expect(figures).toMatchObject({ intensity_g_per_kwh: 300, quality: 'estimated', provider: 'test', coverage: 1 });
    expect(body[0]).toMatchObject({ joules_per_second: 180, timestamp: '2026-01-01T13:00:10.000Z' });
  });

  it('gives a range its share of a sample that reaches over the edge', async () => {
    await using api = await start();
    await api.power(30, 60, 30);
    await api.intensity('DE', 0, 100);
    const range = { start_time: '2026-01-01T12:00:20Z', end_time: '2026-01-01T14:00:20+01:00' };

    const { body } = await api.post('/api/co2-range', { ...WEB, countries: ['DE'], ...range });

    // 10 of 30 seconds: 20 J; 20 / 3 600 000 × 100 g.
    expect(body).toHaveLength(1);
    expect(body[0].joules).toBeCloseTo(20, 12);
    expect(body[0].co2_emissions_by_country.DE.grams).toBeCloseTo(2000 / 3_600_000, 12);
  });

  it('takes the mean of a country with several zones, and the worst quality, and says so', async () => {
    await using api = await start();
    await api.power(15, 3600);
    await api.intensity('US-CAL-CISO', 0, 200);
    await api.intensity('US-TEX-ERCO', 0, 400, 'forecast');

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['us', 'US-CAISO'], n: 5 });

    const { us, 'US-CAISO': california } = body[0].co2_emissions_by_country;
    expect(california).toMatchObject({ basis: 'zone', zones: ['US-CAL-CISO'], intensity_g_per_kwh: 200 });
    expect(us).toMatchObject({
      basis: 'mean-of-zones',
      zones: ['US-CAL-CISO', 'US-TEX-ERCO'],
      intensity_g_per_kwh: 300,
      grams: 0.3,
      quality: 'forecast',
    });
  });

  it('falls to the yearly average for a country that is not tracked, and says so', async () => {
    await using api = await start();
    await api.power(15, 3_600_000);

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['FR'], n: 1 });

    // One kilowatt-hour emits what the table says.
    expect(body[0].co2_emissions_by_country.FR).toMatchObject({
      grams: yearlyIntensity(zone('FR'))?.gramsPerKwh,
      quality: 'yearly-average',
      basis: 'yearly-average',
      coverage: 1,
    });
  });

  it('never prices energy with marginal intensity', async () => {
    await using api = await start();
    await api.power(15, 3_600_000);
    await api.intensity('DE', 0, 999, 'measured', 'marginal');

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE'], n: 1 });

    expect(body[0].co2_emissions_by_country.DE.basis).toBe('yearly-average');
    expect(body[0].co2_emissions_by_country.DE.grams).toBe(yearlyIntensity(zone('DE'))?.gramsPerKwh);
  });

  it('shows marginal intensity beside the average of each country, where it is known for all of a measurement', async () => {
    await using api = await start();
    await api.power(3610, 3_600_000, 20);
    await api.power(3650, 3_600_000);
    for (const [code, hour, average, marginal] of [
      ['DE', 0, 300, 700],
      ['DE', 1, 200, 500],
      ['FR', 1, 50, 800],
    ] as const) {
      await api.intensity(code, hour, average);
      await api.intensity(code, hour, marginal, 'estimated', 'marginal');
    }

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE', 'FR'], n: 2 });

    const [first, second] = body;
    const shown = [first, second].flatMap((one) => Object.values(one.co2_emissions_by_country));
    expect(shown).toMatchObject([
      { marginal_g_per_kwh: 600, coverage: 1 },
      { marginal_g_per_kwh: null, coverage: 0.5 },
      { grams: 200, marginal_g_per_kwh: 500 },
      { grams: 50, marginal_g_per_kwh: 800 },
    ]);
  });

  it('says null, never zero, where the intensity is not known', async () => {
    await using api = await start();
    await api.power(3610, 3600, 20);
    await api.intensity('DE', 5, 400);
    await api.intensity('NL', 0, 500);

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE', 'NL', 'QQ'], n: 1 });

    const { DE, NL, QQ } = body[0].co2_emissions_by_country;
    const unknown = {
      intensity_g_per_kwh: null,
      grams_per_second: null,
      grams: null,
      quality: null,
      provider: null,
      marginal_g_per_kwh: null,
    };
    expect(DE).toEqual({ ...unknown, coverage: 0, basis: 'zone', zones: ['DE'] });
    expect(QQ).toEqual({ ...unknown, coverage: 0, basis: 'unknown', zones: [] });
    // Of the Netherlands only the first hour is known: half the energy, 1800 J, 0.25 g.
    expect(NL).toMatchObject({ grams: 0.25, coverage: 0.5 });
  });

  it('is an empty array for a range without samples, and for a container without a record', async () => {
    await using api = await start();
    await api.power(15, 1);
    const range = { start_time: '2025-01-01T00:00:00Z', end_time: '2025-01-02T00:00:00Z' };

    const empty = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE'], ...range });
    const unknown = await api.post('/api/co2-per-container', { ...WEB, pod: 'web-9', countries: ['DE'], n: 1 });

    expect([empty.status, empty.body, unknown.status, unknown.body]).toEqual([200, [], 200, []]);
  });

  it.each([1, 2, 7, 9, 500])('has the newest %i measurements, the newest last', async (n) => {
    await using api = await start();
    const ends = [5, 10, 15, 20, 65, 70, 600, 605, 4_000];
    for (const end of ends) await api.power(end, end, 5);

    const { body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['DE'], n });

    const iso = (end: number) => new Date(NOON + end * 1_000).toISOString();
    expect(body.map(({ timestamp }: { timestamp: string }) => timestamp)).toEqual(ends.slice(-n).map(iso));
  });

  it('keys each country as the request spells it, and takes null for absence and times without a zone as UTC', async () => {
    await using api = await start();
    await api.power(15, 3600);
    await api.intensity('GB', 0, 200);
    const range = { start_time: '2026-01-01T12:00:00', end_time: '2026-01-01T12:01:00.123456', n: null };

    const { status, body } = await api.post('/api/co2-per-container', { ...WEB, countries: ['UK', 'GB'], ...range });

    expect(status).toBe(200);
    expect(Object.keys(body[0].co2_emissions_by_country)).toEqual(['UK', 'GB']);
    expect(body[0]).toMatchObject({
      ...WEB,
      node: 'n1',
      co2_emissions_by_country: { UK: { grams: 0.2, zones: ['GB'] } },
    });
  });
});

describe('health', () => {
  it('names nodes with recent power whose zone is not known, whose energy has no grams', async () => {
    await using api = await start();
    await api.power(15, 1);
    await api.hour(0, [{ namespace: 'x', pod: 'p', container: 'c', node: 'nowhere' }, 1]);
    await api.hour(-5, [{ namespace: 'x', pod: 'q', container: 'c', node: 'gone-long-ago' }, 1]);

    const { body } = await api.get('/api/status');

    expect(body.unpriced_nodes).toEqual(['nowhere']);
  });

  it('tells what is recorded', async () => {
    await using api = await start();
    for (const end of [15, 75]) await api.power(end, 1);

    const health = await api.get('/health');
    const status = await api.get('/api/status');

    const common = { mode: 'local', timestamp: '2026-01-01T12:00:00.000Z' };
    expect(health.body).toEqual({
      readings: { backend: 'store', status: 'ok' },
      status: 'ok',
      monitored_containers: 1,
      total_blocks: 2,
      current_blocks: 1,
      ...common,
    });
    expect(status.body).toEqual({
      status: 'ok',
      last_scrape_time: '2026-01-01T12:01:15.000Z',
      last_measurement_time: '2026-01-01T12:01:15.000Z',
      has_data: true,
      unique_container_keys: 1,
      unpriced_nodes: [],
      pending_db_blocks: 0,
      ...common,
    });
  });

  it('has the operations endpoints', async () => {
    await using api = await start();

    expect((await api.get('/healthz')).status).toBe(200);
    expect((await api.get('/readyz')).status).toBe(200);
    expect((await fetch(`${api.url}/metrics`).then((r) => r.text())).split('\n')).toContainEqual(
      'carbon_extender_api_requests_total{method="GET",route="/healthz",status="200"} 1',
    );
  });
});

describe('the token', () => {
  it('is asked for on everything but health and metrics', async () => {
    await using api = await start('s3cret');
    const withToken = (token: string) => api.get('/api/containers', { authorization: `Bearer ${token}` });

    const open = await Promise.all(['/health', '/healthz', '/readyz'].map((path) => api.get(path)));

    expect(open.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect((await api.get('/api/containers')).status).toBe(401);
    expect((await api.get('/no/such/path')).status).toBe(401);
    expect((await withToken('s3cres')).status).toBe(401);
    expect((await withToken('s3cret')).status).toBe(200);
  });
});

describe('a bad request', () => {
  it('gets every fault at once', async () => {
    await using api = await start();

    const answer = await api.post('/api/co2-per-container', {
      pod: 7,
      namespace: '',
      countries: ['DE', '??'],
      start_time: 'yesterday',
      typo: 1,
    });

    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json; charset=utf-8' });
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer).sort()).toEqual([
      '/container',
      '/countries/1',
      '/end_time',
      '/namespace',
      '/pod',
      '/start_time',
      '/typo',
    ]);
  });

  it.each([
    [{ n: 1, start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-02T00:00:00Z' }, '/n'],
    [{}, ''],
    [{ start_time: '2026-01-02T00:00:00Z', end_time: '2026-01-01T00:00:00Z' }, '/end_time'],
    [{ end_time: '2026-01-01T00:00:00Z' }, '/start_time'],
  ])('cannot have %j as its time', async (time, pointer) => {
    await using api = await start();

    const { status, body } = await api.post('/api/co2-range', { ...WEB, countries: ['DE'], ...time });

    // Which fields go together a schema can say, and that time goes forward it cannot.
    expect(status).toBe(pointer === '/end_time' ? 409 : 400);
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });

  it.each([
    ['POST', '/api/power-consumption', '{"n":', 'application/json', 400],
    ['POST', '/api/power-consumption', '[]', 'application/json', 400],
    ['POST', '/api/power-consumption', '{}', 'text/plain', 415],
    ['POST', '/api/power-consumption', '{}', 'application/json; charset=latin1', 415],
    ['POST', '/api/power-consumption', `{"pod":"${'x'.repeat(1_100_000)}"}`, 'application/json', 413],
    ['DELETE', '/api/containers', undefined, undefined, 405],
    ['POST', '/metrics', undefined, undefined, 405],
    ['GET', '/api/nothing', undefined, undefined, 404],
    ['GET', '/api/%zz', undefined, undefined, 404],
    ['GET', '/api/containers?namespace=a&typo=b', undefined, undefined, 400],
    ['GET', '/api/co2-intensities?country=1', undefined, undefined, 400],
  ])('%s %s is a problem', async (method, path, body, type, status) => {
    await using api = await start();

    const answer = await fetch(api.url + path, {
      method,
      ...(body !== undefined && { body }),
      headers: type ? { 'content-type': type } : {},
    });

    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
    expect((await api.get('/health')).status).toBe(200);
  });

  it('that ends in the middle of its body harms nobody', async () => {
    await using api = await start();
    const aborted = httpRequest(`${api.url}/api/power-consumption`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    });
    aborted.on('error', () => undefined);
    aborted.write('{"n":');
    await new Promise((resolve) => setTimeout(resolve, 50));

    aborted.destroy();

    expect((await api.get('/health')).status).toBe(200);
    expect(api.log.at('error')).toEqual([]);
  });
});
