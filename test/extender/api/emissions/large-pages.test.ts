// Flow: pages of few among very many rows by piece of time, beside the same rows without a page.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gramsPerKwh, HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { type Container, IDLE } from '../../../../shared/records/power.ts';
import { temporaryFolder } from '../../../cli/run.ts';
import { sqliteRecording } from '../../../shared/store/opened-parts.ts';
import { NOON, start } from '../start-api.ts';

const PODS = 230;
const HOURS = 7;
const FIGURES = [
  'kwh',
  'grams',
  'unpriced_kwh',
  'gpu_joules',
  'embodied_grams',
  'kwh_low',
  'difference_grams',
] as const;

type Row = Record<string, unknown> & { name: string; zones: string[]; reason?: string };
type Body = { data: Record<string, Row>[]; meta: { rows: number; order: string[] } };

/** Pods of three nodes, one of them without a zone; some modelled, some on GPUs, some that ran for an hour only. */
const CONTAINERS: readonly Container[] = [
  ...Array.from({ length: PODS }, (_, at) => ({
    ...{ namespace: `team-${at % 3}`, pod: `pod-${String(at).padStart(3, '0')}`, container: 'app' },
    node: ['n1', 'n2', 'lost'][at % 3] ?? '',
    ...(at % 7 === 0 && { device: 'gpu' as const }),
    ...(at % 5 === 0 && { powerQuality: 'modelled' as const, powerModel: { name: 'm', low: 0.5, high: 1.5 } }),
  })),
  { namespace: IDLE, pod: IDLE, container: IDLE, node: 'n1' },
];

describe('a page of few among very many rows, by piece of time', () => {
  const stack = new AsyncDisposableStack();
  let get: (query: string) => Promise<Body>;
  beforeAll(async () => {
    const store = stack.use(sqliteRecording(stack.use(temporaryFolder()).path));
    const env = { EMBODIED_KG: 'n1=900,n2=70' };
    const api = stack.use(await start(undefined, undefined, undefined, env, store));
    get = async (query) => (await api.get(`/api/emissions?window=7h&step=1h&aggregate=pod&${query}`)).body;
    for (let hour = -HOURS; hour < 0; hour += 1) {
      const from = NOON + hour * HOUR_MS;
      const samples = CONTAINERS.flatMap((container, at) =>
        at % 4 === 0 && hour !== -3
          ? []
          : [
              {
                container,
                start: from,
                end: from + HOUR_MS,
                joules: joules(1_000 + ((hour * 131 + at * 977) % 5_003)),
              },
            ],
      );
      await store.history.append({ target: 't', samples });
    }
    await store.history.record(
      ['DE', 'FR'].flatMap((code, at) =>
        Array.from({ length: HOURS - 2 * at }, (_, back) => ({
          ...{ zone: zone(code), hour: NOON - (back + 1) * HOUR_MS, carbonIntensity: gramsPerKwh(100 + back) },
          ...{ provider: 'test', signal: 'average' as const, quality: 'measured' as const },
        })),
      ),
    );
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  it.each(['sort=-grams', 'sort=kwh&offset=3', 'sort=name', 'sort=-coverage&includeIdle=true', 'zone=FR&sort=-grams'])(
    'has the rows that are there without the page, and the sum of all others as one: %s',
    async (query) => {
      const whole = await get(query.replace('&offset=3', ''));
      const page = await get(`${query}&limit=4&other=true`);
      const skipped = query.includes('offset') ? 3 : 0;

      expect(page.meta.rows).toBe(whole.meta.rows);
      expect(page.meta.order).toEqual(whole.meta.order.slice(skipped, skipped + 4));
      expect(page.data).toHaveLength(HOURS);
      expect(page.data.filter(({ __other__: other }) => other !== undefined).length).toBeGreaterThan(HOURS - 2);
      for (const [at, all] of whole.data.entries()) {
        const { __other__: other, ...rows } = page.data[at] ?? {};
        const rest = Object.values(all).filter(({ name }) => !page.meta.order.includes(name));
        const own = Object.entries(all).filter(([name]) => page.meta.order.includes(name));
        expect(rows).toEqual(Object.fromEntries(own));
        expect(other?.zones ?? []).toEqual([...new Set(rest.flatMap(({ zones }) => zones))].sort());
        for (const figure of FIGURES) expectSum(other?.[figure], rest, figure);
      }
    },
  );

  it('has no row of the others unless they are requested, and counts all', async () => {
    const page = await get('sort=-grams&limit=0');

    expect(page.data).toEqual(Array.from({ length: HOURS }, () => ({})));
    expect(page.meta).toMatchObject({ rows: PODS, order: [] });
  });

  it('shares idle energy by row before it adds the others up', async () => {
    const whole = await get('sort=-grams&shareIdle=true');
    const page = await get('sort=-grams&shareIdle=true&limit=4&other=true');

    const sum = ({ data }: Body) =>
      data.flatMap((rows) => Object.values(rows)).reduce((total, { kwh }) => total + Number(kwh), 0);
    expect(sum(page)).toBeCloseTo(sum(whole), 9);
    expect(page.meta.order).toEqual(whole.meta.order.slice(0, 4));
  });
});

/** Embodied grams of several are not known where those of any are not; of other figures, what is known is added up. */
function expectSum(sum: unknown, rows: readonly Row[], figure: (typeof FIGURES)[number]): void {
  const values = rows.map((row) => row[figure] ?? null);
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || (figure === 'embodied_grams' && known.length < values.length)) {
    expect(sum ?? null, figure).toBeNull();
    return;
  }
  if (figure === 'kwh_low') return;
  expect(sum, figure).toBeCloseTo(
    known.reduce((total: number, value) => total + Number(value), 0),
    8,
  );
}
