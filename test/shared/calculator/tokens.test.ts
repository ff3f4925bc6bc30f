import { describe, expect, it } from 'vitest';
import { tokenFigures } from '../../../shared/calculator/tokens.ts';
import type { ActivityHour } from '../../../shared/emissions/activity.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const START = Date.parse('2026-05-01T00:00:00Z');
const KWH = 3_600_000;

describe('tokenFigures', () => {
  it('gives joules and grams per 1,000 tokens by model and hour', () => {
    const { hours, total } = tokenFigures([used('a', 0, KWH)], [count('llama', 'a', 0, 2_000)]);

    expect(hours).toEqual([
      {
        model: 'llama',
        hour: '2026-05-01T00:00:00.000Z',
        tokens: 2_000,
        joules: KWH,
        gpu_joules: null,
        grams: 400,
        joules_per_1k_tokens: KWH / 2,
        grams_per_1k_tokens: 200,
      },
    ]);
    expect(total).toMatchObject({ model: 'all', hour: null, tokens: 2_000, grams: 400 });
  });

  it('shares the energy of a pod among its models by their tokens, GPU energy too', () => {
    const { hours } = tokenFigures(
      [used('a', 0, 300), used('a', 0, 900, { gpu: true })],
      [count('small', 'a', 0, 10), count('big', 'a', 0, 30)],
    );

    expect(hours.map(({ model, joules: all, gpu_joules }) => [model, all, gpu_joules])).toEqual([
      ['big', 900, 675],
      ['small', 300, 225],
    ]);
  });

  it('knows no GPU energy where there is none: null, not 0', () => {
    const { models, total } = tokenFigures([used('a', 0, 300)], [count('m', 'a', 0, 1)]);

    expect([models[0]?.gpu_joules, total.gpu_joules]).toEqual([null, null]);
  });

  it('gives no grams for energy without a known intensity, but joules', () => {
    const { models } = tokenFigures(
      [used('a', 0, 300), used('a', 1, 300, { unpriced: true })],
      [count('m', 'a', 0, 10), count('m', 'a', 1, 10)],
    );

    expect(models).toEqual([
      expect.objectContaining({ joules: 600, grams: null, joules_per_1k_tokens: 30_000, grams_per_1k_tokens: null }),
    ]);
  });

  it('counts energy of pods and hours without tokens as idle, and in the total', () => {
    const figures = tokenFigures(
      [used('a', 0, 300), used('a', 1, 50), used('b', 0, 7)],
      [count('m', 'a', 0, 10), count('m', 'a', 1, 0)],
    );

    expect(figures.idle_joules).toBe(57);
    expect(figures.total).toMatchObject({ joules: 357, tokens: 10 });
    expect(figures.hours).toHaveLength(1);
  });

  it('takes all pods together where tokens are not counted by pod, and orders rows by time and model', () => {
    const { hours } = tokenFigures(
      [used('a', 1, 100), used('b', 1, 100), used('a', 0, 40)],
      [count('z', undefined, 1, 5), count('y', undefined, 1, 5), count('y', undefined, 0, 5)],
    );

    expect(hours.map(({ model, hour, joules: all }) => [hour?.slice(11, 13), model, all])).toEqual([
      ['00', 'y', 40],
      ['01', 'y', 100],
      ['01', 'z', 100],
    ]);
  });

  it('makes no figure of tokens without energy', () => {
    expect(tokenFigures([], [count('m', 'a', 0, 10)])).toMatchObject({ hours: [], models: [], idle_joules: 0 });
  });
});

function count(model: string, pod: string | undefined, hour: number, tokens: number) {
  return { model, pod, hour: START + hour * HOUR_MS, tokens };
}

function used(pod: string, hour: number, of: number, kind: { gpu?: true; unpriced?: true } = {}): ActivityHour {
  return {
    container: { namespace: 'ml', pod, container: 'server', node: 'n', ...(kind.gpu && { device: 'gpu' }) },
    hour: START + hour * HOUR_MS,
    joules: joules(of),
    coveredMs: HOUR_MS,
    zone: zone('DE'),
    price: kind.unpriced ? undefined : { carbonIntensity: gramsPerKwh(400), quality: 'measured', providers: ['p'] },
    matched: undefined,
    machine: undefined,
  };
}
