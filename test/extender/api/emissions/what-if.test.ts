// Flow: what another zone would have made of recorded energy, with both signals and their signs.
import { expect, it } from 'vitest';
import { IDLE } from '../../../../shared/records/power.ts';
import { start, web } from '../start-api.ts';

const KWH = 3_600_000;
const QUERY = '/api/emissions?window=2026-01-01T12:00:00Z,2026-01-01T14:00:00Z&aggregate=namespace';
const lost = { namespace: 'labs', pod: 'x-0', container: 'x', node: 'n9' };
const idle = { namespace: IDLE, pod: IDLE, container: IDLE, node: 'n1' };

/** 2 kWh at 400 g average in DE, 50 in FR; marginal intensities of one of the two hours, with the other sign. */
async function startWithBoth() {
  const api = await start();
  for (const hour of [0, 1]) {
    await api.hour(hour, [web, KWH], [lost, KWH], [idle, KWH]);
    await api.intensity('DE', hour, 400);
    await api.intensity('FR', hour, 50);
  }
  await api.intensity('DE', 1, 600, 'estimated', 'marginal');
  await api.intensity('FR', 1, 750, 'estimated', 'marginal');
  return api;
}

it('shows the difference by average intensities, and beside it by marginal ones, each with its sign', async () => {
  await using api = await startWithBoth();

  const { body } = await api.get(`${QUERY}&zone=FR`);

  expect(body.data[0].shop).toMatchObject({
    ...{ grams: 100, difference_grams: -700, difference_kwh: 2 },
    ...{ marginal_difference_grams: 150, marginal_difference_kwh: 1 },
  });
  // The zone of its node is not known: so is what it would have changed.
  expect(body.data[0].labs).toMatchObject({
    ...{ grams: 100, difference_grams: null, difference_kwh: 0 },
    ...{ marginal_difference_grams: null, marginal_difference_kwh: 0 },
  });
});

it('shares the difference of idle energy as the energy, and adds up', async () => {
  await using api = await startWithBoth();

  const apart = await api.get(`${QUERY}&zone=FR&includeIdle=true`);
  const shared = await api.get(`${QUERY}&zone=FR&shareIdle=true`);

  expect(apart.body.data[0][IDLE]).toMatchObject({ difference_grams: -700, marginal_difference_grams: 150 });
  expect(shared.body.data[0].shop).toMatchObject({ difference_grams: -1400, marginal_difference_grams: 300 });
});

it('is 0 for the zone that it was, and absent where no other zone is asked about', async () => {
  await using api = await startWithBoth();

  const same = await api.get(`${QUERY}&zone=DE`);
  const plain = await api.get(QUERY);

  expect(same.body.data[0].shop).toMatchObject({ difference_grams: 0, marginal_difference_grams: 0 });
  expect(plain.body.data[0].shop).not.toHaveProperty('difference_grams');
});

it('is in CSV, too', async () => {
  await using api = await startWithBoth();

  const response = await fetch(`${api.url}${QUERY}&zone=FR&format=csv`);

  const [header, ...rows] = (await response.text()).trimEnd().split('\r\n');
  expect(header).toContain('difference_grams,difference_kwh,marginal_difference_grams,marginal_difference_kwh,zones');
  expect(rows.find((row) => row.includes(',shop,'))).toMatch(/,-700,2,150,1,FR$/);
});
