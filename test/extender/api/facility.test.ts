import { describe, expect, it } from 'vitest';
import { IDLE } from '../../../shared/records/power.ts';
import { NOON, start, web } from './start-api.ts';

const QUERY = 'window=2026-01-01T12:00:00Z,2026-01-01T13:00:00Z&aggregate=namespace';
const batch = { namespace: 'batch', pod: 'job-0', container: 'run', node: 'n1' };
const idle = { namespace: IDLE, pod: IDLE, container: IDLE, node: 'n1' };
const elsewhere = { namespace: 'batch', pod: 'job-1', container: 'run', node: 'n2' };

/** An hour of node n1: 1 kWh of shop, 2 of batch, 1 idle; 360 g/kWh. */
async function startWithHour(env: Record<string, string> = {}) {
  const api = await start(undefined, undefined, undefined, env);
  await api.hour(0, [web, 3_600_000], [batch, 7_200_000], [idle, 3_600_000]);
  await api.intensity('DE', 0, 360);
  return api;
}

describe('the building and the making of machines', () => {
  it('are columns of their own: energy and grams stay what was measured', async () => {
    await using api = await startWithHour({ PUE: '1.5', EMBODIED_KG: 'n1=350.64' });

    const { body } = await api.get(`/api/emissions?${QUERY}`);

    // 350.64 kg over 35,064 hours are 10 g an hour, by energy: a quarter of it is idle and in no row.
    expect(body.data[0].shop).toMatchObject({ kwh: 1, grams: 360, facility_kwh: 1.5 });
    expect(body.data[0].shop.embodied_grams).toBeCloseTo(2.5, 9);
    expect(body.data[0].batch.embodied_grams).toBeCloseTo(5, 9);
  });

  it('add up to the node with idle energy as a row, and with idle energy shared', async () => {
    await using api = await startWithHour({ EMBODIED_KG: 'n1=350.64' });

    const apart = await api.get(`/api/emissions?${QUERY}&includeIdle=true`);
    const shared = await api.get(`/api/emissions?${QUERY}&shareIdle=true`);
    const one = await api.get(`/api/emissions?${QUERY}&namespace=shop`);

    const sum = (rows: Record<string, { embodied_grams: number }>) =>
      Object.values(rows).reduce((total, { embodied_grams }) => total + embodied_grams, 0);
    expect(sum(apart.body.data[0])).toBeCloseTo(10, 9);
    expect(sum(shared.body.data[0])).toBeCloseTo(10, 9);
    expect(shared.body.data[0].shop.embodied_grams).toBeCloseTo(10 / 3, 9);
    // A namespace alone has the same share of its node.
    expect(one.body.data[0].shop.embodied_grams).toBeCloseTo(2.5, 9);
  });

  it('come from the tables by the region and type that the poller stored', async () => {
    await using api = await startWithHour();
    const machine = { cloud: 'aws', instanceType: 'm5.xlarge', region: 'eu-central-1' };
    await api.nodeMachines.recordNodeMachines(new Map([['n1', machine]]), NOON);

    const { body } = await api.get(`/api/emissions?${QUERY}&includeIdle=true`);

    expect(body.data[0].shop.facility_kwh).toBeCloseTo(1.35, 9);
    expect(body.data[0].shop.embodied_grams).toBeCloseTo(67_120 / 35_064 / 4, 9);
  });

  it('are null where they are not known of a part of the row', async () => {
    await using api = await startWithHour({ PUE: 'n1=1.2', EMBODIED_KG: 'n1=100' });
    await api.hour(0, [elsewhere, 3_600_000]);

    const { body } = await api.get(`/api/emissions?${QUERY}`);

    expect(body.data[0].batch).toMatchObject({ kwh: 3, facility_kwh: null, embodied_grams: null });
    expect(body.data[0].shop.facility_kwh).toBeCloseTo(1.2, 9);
  });

  it('give the Software Carbon Intensity of any functional unit, and none where a part is missing', async () => {
    await using api = await startWithHour({ PUE: '1.5', EMBODIED_KG: 'n1=350.64' });

    const { body } = await api.get(`/api/emissions?${QUERY}&units=1000`);
    const without = await api.get(`/api/emissions?${QUERY}`);
    const wrong = await api.get(`/api/emissions?${QUERY}&units=0`);

    // (1.5 kWh × 360 g/kWh + 2.5 g) / 1000 requests.
    expect(body.data[0].shop.sci_g_per_unit).toBeCloseTo(0.5425, 9);
    expect(without.body.data[0].shop).not.toHaveProperty('sci_g_per_unit');
    expect(wrong.status).toBe(400);
  });

  it('give no Software Carbon Intensity without the making of the machine', async () => {
    await using api = await startWithHour({ PUE: '1.5' });

    const { body } = await api.get(`/api/emissions?${QUERY}&units=1000`);

    expect(body.data[0].shop.sci_g_per_unit).toBeNull();
  });
});
