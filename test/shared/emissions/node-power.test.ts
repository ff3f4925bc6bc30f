import { describe, expect, it } from 'vitest';
import { nodePowerRows } from '../../../shared/emissions/node-power.ts';
import { HOUR_MS, joules } from '../../../shared/grid/units.ts';
import type { Container, ReadableStore } from '../../../shared/records/power.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

describe('nodePowerRows', () => {
  it('gives mean watts of the last two hours, with bounds, and what is idle, system or unmetered of them', async () => {
    const [row] = await rows([
      { at: -2, of: 3_600_000, ms: HOUR_MS },
      { at: -1, of: 900_000, ms: HOUR_MS / 2, model: [0.5, 2] },
      { at: -1, of: 300_000, namespace: '__idle__', ms: HOUR_MS / 2 },
      { at: -1, of: 400_000, namespace: '__system__', ms: HOUR_MS / 4 },
      { at: -1, of: 200_000, namespace: '__unmetered__', ms: HOUR_MS / 4 },
    ]);

    expect(row).toMatchObject({
      ...{ node: 'n', containers: 1, watts: 1000, last_measurement: '2026-05-01T12:00:00.000Z' },
      watts_low: expect.closeTo((5_400_000 - 450_000) / 5400, 9),
      watts_high: expect.closeTo((5_400_000 + 900_000) / 5400, 9),
      idle_share: expect.closeTo(3 / 54, 12),
      system_share: expect.closeTo(4 / 54, 12),
      unmetered_share: expect.closeTo(2 / 54, 12),
    });
  });

  it('has the worst quality, the models and the correction of what runs now, not of long ago', async () => {
    const calibration = { factor: 1.2, source: 'meter', at: NOW - 90 * 60_000, low: 0.9, high: 1.1 } as const;
    const modelled = { pod: 'b', quality: 'modelled', model: [0.8, 1.3], calibration } as const;
    const [row] = await rows([
      { at: -1, of: 1, ms: HOUR_MS },
      { at: -1, of: 1, ms: HOUR_MS, ...modelled },
      { at: -3, of: 1, ms: HOUR_MS, pod: 'old', quality: 'simulated' },
    ]);

    expect(row).toMatchObject({
      ...{ quality: 'modelled', model: 'm', containers: 2 },
      calibration: { factor: 1.2, source: 'meter', age_hours: 2, low: 0.9, high: 1.1 },
    });
  });

  it('knows no watts and no shares without energy of the last two hours', async () => {
    expect(await rows([{ at: -3, of: 1, ms: HOUR_MS }])).toEqual([
      expect.objectContaining({ watts: null, watts_low: null, idle_share: null, model: null, calibration: null }),
    ]);
  });

  it('knows watts, but no shares, of a node that used nothing', async () => {
    expect(await rows([{ at: -1, of: 0, ms: HOUR_MS }])).toEqual([
      expect.objectContaining({ watts: 0, idle_share: null, system_share: null, unmetered_share: null }),
    ]);
  });

  it('lists nodes by name, and counts no GPU as a container', async () => {
    const found = await rows([
      { at: -1, of: 1, ms: HOUR_MS, node: 'b' },
      { at: -1, of: 1, ms: HOUR_MS, node: 'a' },
      { at: -1, of: 1, ms: HOUR_MS, node: 'a', gpu: true },
    ]);

    expect(found.map(({ node, containers }) => [node, containers])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});

interface Used {
  readonly at: number;
  readonly of: number;
  readonly ms: number;
  readonly namespace?: string;
  readonly pod?: string;
  readonly node?: string;
  readonly gpu?: true;
  readonly quality?: Container['powerQuality'];
  readonly model?: readonly [low: number, high: number];
  readonly calibration?: NonNullable<Container['powerModel']>['calibration'];
}

/** Rows of hours of energy, counted in hours from now. */
function rows(used: readonly Used[]) {
  const known = used.map(
    ({ at, of, ms, namespace = 'shop', pod = 'web', node = 'n', gpu, quality, model, calibration }) => ({
      container: {
        ...{ namespace, pod, container: 'main', node },
        ...(gpu && { device: 'gpu' as const }),
        ...(quality && { powerQuality: quality }),
        ...(model && { powerModel: { name: 'm', low: model[0], high: model[1], ...(calibration && { calibration }) } }),
      },
      ...{ hour: NOW + at * HOUR_MS, joules: joules(of), coveredMs: ms },
    }),
  );
  const history: Pick<ReadableStore, 'containers' | 'hourly'> = {
    containers: async () => known.map(({ container, hour }) => ({ container, first: hour, last: hour + HOUR_MS })),
    hourly: async function* (_, { from, to }) {
      yield* known.filter(({ hour }) => from <= hour && hour < to);
    },
  };
  return nodePowerRows(history as ReadableStore, NOW);
}
