import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { decision } from '../../shared/store/decisions-contract.ts';
import { NOON, start, web } from './start-api.ts';

describe('GET /api/savings', () => {
  it('counts nothing where no decision is recorded, and says for which time', async () => {
    await using api = await start();

    const { body } = await api.get('/api/savings?start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z');

    expect(body).toEqual({
      start_time: '2026-01-01T00:00:00.000Z',
      end_time: '2026-01-02T00:00:00.000Z',
      decisions: 0,
      totals: [],
      pods: [],
    });
  });

  it('sums up what placing and waiting saved by baseline, and shows each pod with its coverage and quality', async () => {
    await using api = await start();
    await api.clock.advance(2 * HOUR_MS);
    const worker = { ...web, namespace: 'batch', pod: 'report', node: 'n2' };
    await api.hour(0, [web, 3_600_000], [worker, 7_200_000]);
    for (const [code, hour, value] of [
      ['FR', -2, 90],
      ['FR', 0, 50],
      ['DE', 0, 450],
    ] as const)
      await api.intensity(code, hour, value, hour < 0 ? 'estimated' : 'measured');
    const ofWeb = { ...decision('web', NOON), pod: 'web-0', candidateZones: 'DE=1,FR=1', releasedAt: null };
    const waited = { ...decision('waited', NOON), namespace: 'batch', pod: 'report', mode: 'advise' as const };
    await api.decide(ofWeb, waited);

    const { body } = await api.get('/api/savings');

    const last = await api.get('/api/savings?limit=1');
    const none = await api.get('/api/savings?limit=0');

    expect([last.body.pods, none.body.pods]).toEqual([[body.pods[1]], []]);
    expect(none.body.totals).toEqual(body.totals);
    expect(body).toMatchObject({ end_time: '2026-01-01T14:00:00.000Z', decisions: 2 });
    expect(body.totals).toEqual([
      {
        baseline: 'arrival',
        ...{ pods: 1, negative: 0, coverage: 1, saved_percent: expect.closeTo(44.44, 1) },
        ...{ energy_kwh: expect.closeTo(2, 3), emissions_grams: expect.closeTo(100, 1) },
        ...{ saved_grams: expect.closeTo(80, 1), qualities: ['estimated', 'measured'], marginal: null },
        possible_grams: expect.closeTo(80, 1),
      },
      {
        baseline: 'candidates-mean',
        ...{ pods: 1, negative: 0, coverage: 1, saved_percent: 80 },
        ...{ energy_kwh: 1, emissions_grams: 50, saved_grams: 200, qualities: ['measured'], marginal: null },
        possible_grams: 200,
      },
    ]);
    expect(body.pods.map((entry: { uid: string }) => entry.uid)).toEqual(['waited', 'web']);
    expect(body.pods[1]).toEqual({
      ...{ uid: 'web', namespace: 'shop', pod: 'web-0', zone: 'FR', baseline: 'candidates-mean', coverage: 1 },
      ...{
        energy_kwh: 1,
        emissions_grams: 50,
        baseline_grams: 250,
        saved_grams: 200,
        possible_grams: 200,
        qualities: ['measured'],
        marginal: null,
      },
    });
  });

  it('shows the difference with marginal intensities beside it, where they are known', async () => {
    await using api = await start();
    await api.clock.advance(2 * HOUR_MS);
    await api.hour(0, [web, 3_600_000]);
    for (const [code, average, marginal] of [
      ['FR', 50, 700],
      ['DE', 450, 600],
    ] as const) {
      await api.intensity(code, 0, average);
      await api.intensity(code, 0, marginal, 'estimated', 'marginal');
    }
    await api.decide({
      ...decision('web', NOON),
      pod: 'web-0',
      zone: zone('FR'),
      candidateZones: 'DE=1,FR=1',
      releasedAt: null,
    });

    const { body } = await api.get('/api/savings?from=2026-01-01T11:00:00Z');

    expect(body.totals[0]).toMatchObject({
      saved_grams: 200,
      marginal: { pods: 1, saved_grams: -50, emissions_grams: 700 },
    });
    expect(body.pods[0].marginal).toEqual({ coverage: 1, emissions_grams: 700, baseline_grams: 650, saved_grams: -50 });
  });

  it('shows what was lost, and takes from and to like the command line', async () => {
    await using api = await start();
    await api.clock.advance(2 * HOUR_MS);
    await api.hour(0, [web, 3_600_000]);
    await api.intensity('FR', 0, 50);
    await api.intensity('DE', 0, 450);
    await api.decide({
      ...decision('web', NOON),
      pod: 'web-0',
      zone: zone('DE'),
      candidateZones: 'DE=1,FR=1',
      releasedAt: null,
    });

    const { body } = await api.get('/api/savings?from=2026-01-01T11:00:00Z&to=2026-01-01T12:30:00Z');
    const elsewhere = await api.get('/api/savings?from=2026-01-02T11:00:00Z');
    const backwards = await api.get('/api/savings?from=2026-01-02T11:00:00Z&to=2026-01-01T12:30:00Z');

    expect(body.totals).toMatchObject([{ negative: 1, saved_grams: -100, saved_percent: -80, energy_kwh: 0.5 }]);
    expect(elsewhere.body.errors).toEqual([{ pointer: '/from', detail: 'lies ahead' }]);
    expect([backwards.status, backwards.body.errors]).toEqual([
      409,
      [{ pointer: '/to', detail: 'is not after the start' }],
    ]);
  });

  it('refuses a range that ends before it starts', async () => {
    await using api = await start();

    const { status } = await api.get('/api/savings?start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z');

    expect(status).toBe(409);
  });
});
