import { describe, expect, it } from 'vitest';
import { HOUR_MS, JOULES_PER_KWH } from '../../../../shared/grid/units.ts';
import type { Container } from '../../../../shared/records/power.ts';
import { NOON, start, web } from '../start-api.ts';

const db: Container = { namespace: 'shop', pod: 'db-0', container: 'postgres', node: 'n2' };
const lost: Container = { namespace: 'batch', pod: 'job-0', container: 'run', node: 'n9' };
const idle: Container = { namespace: '__idle__', pod: '__idle__', container: '__idle__', node: 'n1' };
const KWH = JOULES_PER_KWH;
const MORNING = '2026-01-01T10:00:00Z,2026-01-01T12:00:00Z';

describe('GET /api/emissions', () => {
  it('prices each container in the zone of its node, hour by hour', async () => {
    await using api = await startWithMorning();

    const { body } = await api.get(`/api/emissions?window=${MORNING}&aggregate=namespace`);

    // web: 1 kWh × 400 + 2 kWh × 300 in DE, db: 1 kWh × 50 + 1 kWh × 60 in FR.
    expect(body).toMatchObject({
      code: 200,
      status: 'success',
      data: [{ shop: { properties: { namespace: 'shop' } } }],
    });
    expect(body.data[0].shop.kwh).toBeCloseTo(5, 6);
    expect(body.data[0].shop.grams).toBeCloseTo(400 + 600 + 50 + 60, 3);
    expect(body.data[0].shop.intensity_g_per_kwh).toBeCloseTo(1110 / 5, 3);
    expect(body.data[0].shop).toMatchObject({ coverage: 1, quality: 'estimated', zones: ['DE', 'FR'], minutes: 120 });
  });

  it('computes equal queries that come at once only once, and a later one anew', async () => {
    await using api = await startWithMorning();
    const containers = api.store.containers;
    let computed = 0;
    Object.assign(api.store, {
      containers: async (...filter: Parameters<typeof containers>) => {
        computed += 1;
        await new Promise((resolve) => setTimeout(resolve, 1_000)); // time for the others to arrive
        return containers(...filter);
      },
    });
    const get = (aggregate: string) => api.get(`/api/emissions?window=${MORNING}&aggregate=${aggregate}`);

    const [first, ...others] = await Promise.all([get('namespace'), get('namespace'), get('namespace')]);
    const atOnce = computed;
    await get('namespace');
    await Promise.all([get('pod'), get('node')]);

    expect(first?.body.data[0].shop.kwh).toBeCloseTo(5, 6);
    expect(others.map(({ body }) => body)).toEqual([first?.body, first?.body]);
    expect([atOnce, computed]).toEqual([1, 4]);
  });

  it('tells what all of it would have emitted in another zone', async () => {
    await using api = await startWithMorning();

    const { body } = await api.get(`/api/emissions?window=${MORNING}&zone=FR`);

    expect(body.data[0].shop.grams).toBeCloseTo(2 * 50 + 3 * 60, 3);
    expect(body.meta.zone).toBe('FR');
  });

  it('gives one set of rows for every step, and one for all when they are accumulated', async () => {
    await using api = await startWithMorning();

    const steps = await api.get(`/api/emissions?window=${MORNING}&aggregate=node&step=1h`);
    const one = await api.get(`/api/emissions?window=${MORNING}&aggregate=node&step=1h&accumulate=true`);

    expect(steps.body.data.map((rows: Record<string, { kwh: number }>) => Math.round(rows.n1?.kwh ?? -1))).toEqual([
      1, 2,
    ]);
    expect(steps.body.data[1].n1.window).toEqual({
      start: '2026-01-01T11:00:00.000Z',
      end: '2026-01-01T12:00:00.000Z',
    });
    expect(one.body.data).toHaveLength(1);
    expect(one.body.data[0].n1.kwh).toBeCloseTo(3, 6);
  });

  it('leaves emissions of unknown zones unknown, and says why', async () => {
    await using api = await startWithMorning();
    await api.hour(-1, [lost, KWH]);

    const { body } = await api.get(`/api/emissions?window=${MORNING}&namespace=batch`);

    expect(body.data[0].batch).toMatchObject({ grams: null, coverage: 0, power_coverage: 1, quality: null, zones: [] });
    expect(body.data[0].batch.unpriced_kwh).toBeCloseTo(1, 6);
    expect(body.data[0].batch.reason).toContain('zone of node n9 is not known');
  });

  it('counts hours without intensity as not covered', async () => {
    await using api = await start();
    await api.hour(-2, [web, KWH]);
    await api.hour(-1, [web, KWH]);
    await api.intensity('DE', -1, 200);

    const { body } = await api.get(`/api/emissions?window=${MORNING}`);

    expect(body.data[0].shop).toMatchObject({ coverage: 0.5, power_coverage: 1 });
    expect(body.data[0].shop.grams).toBeCloseTo(200, 6);
    expect(body.data[0].shop.unpriced_kwh).toBeCloseTo(1, 6);
  });

  it('cuts hours at the edges of the window exactly', async () => {
    await using api = await startWithMorning();
    await api.store.compact(NOON);

    const { body } = await api.get(
      '/api/emissions?window=2026-01-01T10:45:00Z,2026-01-01T11:15:00Z&aggregate=pod&pod=web-0',
    );

    // A quarter of 1 kWh at 400 and a quarter of 2 kWh at 300.
    expect(body.data[0]['shop/web-0'].kwh).toBeCloseTo(0.75, 6);
    expect(body.data[0]['shop/web-0'].grams).toBeCloseTo(100 + 150, 3);
    expect(body.data[0]['shop/web-0'].coverage).toBeCloseTo(1, 9);
  });

  it('shows what nodes used beside their containers only when asked', async () => {
    await using api = await startWithMorning();
    await api.hour(-1, [idle, KWH]);

    const without = await api.get(`/api/emissions?window=${MORNING}&aggregate=container`);
    const withIdle = await api.get(`/api/emissions?window=${MORNING}&aggregate=container&includeIdle=true`);

    expect(Object.keys(without.body.data[0])).toEqual(['shop/db-0/postgres', 'shop/web-0/app']);
    expect(withIdle.body.data[0].__idle__.kwh).toBeCloseTo(1, 6);
  });

  it('gives modelled energy its models and bounds, and measured energy none', async () => {
    await using api = await startWithMorning();
    const model = (low: number, high: number, name: string) => ({
      powerQuality: 'modelled' as const,
      powerModel: { name, low, high },
    });
    await api.hour(-1, [{ ...lost, ...model(0.5, 1.5, 'generic') }, KWH]);
    await api.hour(-1, [{ ...lost, pod: 'job-1', ...model(0.9, 2, 'aws:m5.xlarge') }, KWH]);

    const { body } = await api.get(`/api/emissions?window=${MORNING}&aggregate=namespace`);

    expect(body.data[0].batch).toMatchObject({ power_quality: 'modelled', power_models: ['aws:m5.xlarge', 'generic'] });
    const { kwh, kwh_low, kwh_high } = body.data[0].batch;
    for (const [figure, expected] of [
      [kwh, 2],
      [kwh_low, 0.5 + 0.9],
      [kwh_high, 1.5 + 2],
    ])
      expect(figure).toBeCloseTo(expected, 6);
    expect(body.data[0].shop).not.toHaveProperty('kwh_low');
  });

  it('gives what ran outside containers a row of its own, and to its node in rows of nodes', async () => {
    await using api = await startWithMorning();
    await api.hour(-1, [{ namespace: '__system__', pod: '__system__', container: '__system__', node: 'n2' }, KWH]);

    const pods = await api.get(`/api/emissions?window=${MORNING}&aggregate=pod`);
    const nodes = await api.get(`/api/emissions?window=${MORNING}&aggregate=node`);
    const { body: named } = await api.get('/api/containers');

    expect(pods.body.data[0].__system__.kwh).toBeCloseTo(1, 6);
    expect(nodes.body.data[0].n2.kwh).toBeCloseTo(2 + 1, 6);
    expect(named.map((each: Container) => each.namespace)).not.toContain('__system__');
  });

  it('counts the time for which a container lived as the whole of its coverage', async () => {
    await using api = await start();
    await api.power(-3600, 60, 60);
    await api.power(-3540, 60, 60);
    await api.intensity('DE', -2, 100);
    await api.intensity('DE', -1, 100);

    const { body } = await api.get('/api/emissions?window=24h');

    expect(body.data[0].shop).toMatchObject({ coverage: 1, minutes: 2 });
  });

  it('adds up by the labels of pods where they are recorded', async () => {
    await using api = await startWithMorning();
    await api.store.recordLabels?.([{ namespace: 'shop', pod: 'web-0', labels: { app: 'web' } }], NOON);

    const { body } = await api.get(`/api/emissions?window=${MORNING}&aggregate=label:app`);

    expect(Object.keys(body.data[0])).toEqual(['__unallocated__', 'web']);
    expect(body.data[0].web.kwh).toBeCloseTo(3, 6);
  });

  it.each(['aggregate=label:app', 'aggregate=deployment', 'filterLabels=app:web'])(
    'needs recorded labels for %s, and says so',
    async (query) => {
      await using api = await start();

      const { status, body } = await api.get(`/api/emissions?${query}`);

      expect([status, body.code]).toEqual([409, 'LABELS_NOT_RECORDED']);
    },
  );

  it.each([
    ['window=yesteryear', '/window'],
    ['window=2026-01-02T00:00:00Z,2026-01-01T00:00:00Z', '/window'],
    ['window=500d', '/window'],
    ['aggregate=colour', '/aggregate'],
    ['step=90m', '/step'],
    ['accumulate=maybe', '/accumulate'],
    ['zone=nowhere', '/zone'],
    ['colour=red', '/colour'],
  ])('refuses %s', async (query, pointer) => {
    await using api = await start();

    const { status, type, body } = await api.get(`/api/emissions?${query}`);

    expect(status).toBe(query.includes('02T00:00:00Z,2026-01-01') ? 409 : 400);
    expect(type).toContain('application/problem+json');
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });
});

/** web on n1 in DE: 1 kWh, then 2 kWh; db on n2 in FR: 1 kWh each; from ten to noon. */
async function startWithMorning() {
  const api = await start();
  await api.hour(-2, [web, KWH], [db, KWH]);
  await api.hour(-1, [web, 2 * KWH], [db, KWH]);
  for (const [code, hour, value] of [
    ['DE', -2, 400],
    ['DE', -1, 300],
    ['FR', -2, 50],
    ['FR', -1, 60],
  ] as const)
    await api.intensity(code, hour, value, code === 'DE' ? 'estimated' : 'measured');
  expect(NOON % HOUR_MS).toBe(0);
  return api;
}
