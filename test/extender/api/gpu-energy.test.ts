// Flow: the energy of GPUs through every response of the API that has energy.
import { describe, expect, it } from 'vitest';
import { joules } from '../../../shared/grid/units.ts';
import type { Container } from '../../../shared/records/power.ts';
import { NOON, start, web } from './start-api.ts';

const gpu: Container = { ...web, device: 'gpu' };
const NAMES = { namespace: 'shop', pod: 'web-0', container: 'app' };

/** 30 J of processors over 15 s, and 700 J of GPUs over 10 s that another exporter measured. */
async function startWithGpu() {
  const api = await start();
  await api.power(15, 30);
  const sample = { container: gpu, start: NOON + 2_000, end: NOON + 12_000, joules: joules(700) };
  await api.store.append({ target: 'dcgm', samples: [sample] });
  await api.intensity('DE', 0, 360);
  return api;
}

describe('the energy of GPUs', () => {
  it('is a row of its own in the export, and a page that ends before it continues with it', async () => {
    await using api = await startWithGpu();

    const { body } = await api.get('/api/export-time-series');
    const first = await fetch(`${api.url}/api/export-time-series?limit=1`);
    const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const csv = await (await fetch(`${api.url}/api/export-time-series?format=csv`)).text();

    expect(body).toMatchObject([
      { joules: 30, gpu_joules: null },
      { joules: 700, gpu_joules: 700, joules_per_second: 70, timestamp: '2026-01-01T12:00:12.000Z' },
    ]);
    expect((await api.get(next)).body).toEqual([body[1]]);
    expect(
      csv
        .trim()
        .split('\r\n')
        .map((line) => line.split(',').at(-1)),
    ).toEqual(['gpu_joules', '', '700']);
  });

  it('can be continued behind, too', async () => {
    await using api = await startWithGpu();
    const cursor = encodeURIComponent('shop/web-0/app/n1/2026-01-01T12:00:12.000Z/gpu');

    const { body } = await api.get(`/api/export-time-series?cursor=${cursor}`);

    expect(body).toEqual([]);
  });

  it('is part of its container among the last minutes of power', async () => {
    await using api = await startWithGpu();

    const { body } = await api.post('/api/power-consumption', { n: 1 });

    expect(body).toHaveLength(1);
    expect(body[0]).not.toHaveProperty('device');
    expect(body[0].blocks).toMatchObject([
      {
        coverage: 0.25,
        measurements: [
          { timestamp: '2026-01-01T12:00:12.000Z', joules: 700, gpu_joules: 700 },
          { timestamp: '2026-01-01T12:00:15.000Z', joules: 30, gpu_joules: null },
        ],
      },
    ]);
  });

  it('is priced as all energy is, and the newest n measurements are n of processors and n of GPUs', async () => {
    await using api = await startWithGpu();
    await api.power(30, 30);

    const { body } = await api.post('/api/co2-per-container', { ...NAMES, countries: ['DE'], n: 1 });

    expect(body).toMatchObject([
      { joules: 700, gpu_joules: 700, co2_emissions_by_country: { DE: { grams: 0.07 } } },
      { joules: 30, gpu_joules: null, timestamp: '2026-01-01T12:00:30.000Z' },
    ]);
  });

  it('makes no second container', async () => {
    await using api = await startWithGpu();

    const { body } = await api.get('/api/containers');
    const health = await api.get('/health');

    expect(body).toEqual([
      {
        ...web,
        power_quality: 'measured',
        gpu_power_quality: 'measured',
        first_measurement: '2026-01-01T12:00:00.000Z',
        last_measurement: '2026-01-01T12:00:15.000Z',
      },
    ]);
    expect(health.body.monitored_containers).toBe(1);
  });

  it.each(['/api/emissions', '/allocation'])('is in the energy of %s, and beside it', async (path) => {
    await using api = await startWithGpu();
    const query = 'window=2026-01-01T12:00:00Z,2026-01-01T13:00:00Z&aggregate=namespace';

    const { body } = await api.get(`${path}?${query}`);
    const csv = await (await fetch(`${api.url}${path}?${query}&format=csv`)).text();

    expect(body.data[0].shop.gpu_joules).toBe(700);
    expect(body.data[0].shop.kwh).toBeCloseTo(730 / 3_600_000, 12);
    expect(body.data[0].shop.grams).toBeCloseTo(0.073, 9);
    const [header = '', row = ''] = csv.split('\r\n');
    expect(row.split(',')[header.split(',').indexOf('gpu_joules')]).toBe('700');
  });

  it('is null where none is recorded', async () => {
    await using api = await start();
    await api.power(15, 30);

    const { body } = await api.get('/api/emissions?window=2026-01-01T12:00:00Z,2026-01-01T13:00:00Z');

    expect(body.data[0].shop).toMatchObject({ gpu_joules: null, facility_kwh: null, embodied_grams: null });
  });
});
