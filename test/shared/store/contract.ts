import { describe, expect, it } from 'vitest';
import type { HourlyIntensity, Quality } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Container, PowerSample, PowerTick, WritableStore } from '../../../shared/records/power.ts';
import { collect, collectSamples } from './collect.ts';
import type { Opened } from './opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const SECOND = 1000;
const MINUTE = 60_000;

const web: Container = { namespace: 'shop', pod: 'web-1', container: 'app', node: 'n1' };
const db: Container = { namespace: 'shop', pod: 'db-0', container: 'postgres', node: 'n2' };

/** Every adapter of the store's ports passes this suite. `open` gives an empty store. */
export function storeContract(name: string, open: () => Promise<Opened<WritableStore>>): void {
  describe(`${name} keeps container energy`, () => {
    it('is empty at first', async () => {
      await using store = await open();

      const totals = await store.totals();

      expect(totals).toEqual({ containers: 0, blocks: 0, currentBlocks: 0, lastMeasurement: undefined });
      expect(await store.containers()).toEqual([]);
      expect(await collectSamples(store.samples({}, { from: 0, to: NOON }))).toEqual([]);
    });

    it('gives samples back by container, oldest first, to the millijoule', async () => {
      await using store = await open();
      await store.append(tick('b', NOON + 30_000, [web, 0.001], [db, 7]));
      await store.append(tick('a', NOON + 15_000, [web, 12.345]));

      const samples = await collectSamples(store.samples({}, { from: NOON, to: NOON + HOUR_MS }));

      expect(samples).toEqual([
        sample(db, NOON + 30_000, 7),
        sample(web, NOON + 15_000, 12.345),
        sample(web, NOON + 30_000, 0.001),
      ]);
    });

    it('answers the same before and after folding, and folding twice changes nothing', async () => {
      await using store = await open();
      for (let n = 1; n <= 480; n += 1)
        await store.append(tick('a', NOON + n * 15_000, [web, n], ...(n % 3 === 0 ? [[db, 2 * n] as const] : [])));
      const before = await everything(store);

      await store.compact(NOON + HOUR_MS + MINUTE);
      await store.compact(NOON + 2 * HOUR_MS + MINUTE);
      await store.compact(NOON + 2 * HOUR_MS + MINUTE);

      const { currentBlocks: _, ...totals } = (await everything(store)).totals;
      expect(before.totals).toMatchObject(totals);
      expect({ ...(await everything(store)), totals: null }).toEqual({ ...before, totals: null });
      expect(before.samples).toHaveLength(640);
    });

    it('keeps what a container used on GPUs apart from its processors, folded or not', async () => {
      await using store = await open();
      const gpu: Container = { ...web, device: 'gpu', powerQuality: 'modelled' };
      await store.append(tick('kubelet', NOON + 15_000, [web, 5], [db, 1]));
      await store.append(tick('dcgm', NOON + 15_000, [gpu, 70]));
      const range = { from: NOON, to: NOON + HOUR_MS };
      const before = await collect(store.hourly({ pod: 'web-1' }, range));

      await store.compact(NOON + HOUR_MS);

      expect(before.map(({ container, joules: energy }) => [container, energy])).toEqual([
        [web, 5],
        [gpu, 70],
      ]);
      expect(await collect(store.hourly({ pod: 'web-1' }, range))).toEqual(before);
      expect(await collectSamples(store.samples({ pod: 'web-1' }, range))).toEqual([
        sample(web, NOON + 15_000, 5),
        sample(gpu, NOON + 15_000, 70),
      ]);
      expect(await store.lastBlocks({ pod: 'web-1' }, 1)).toHaveLength(2);
      expect((await store.containers()).map(({ container }) => container)).toEqual([db, web, gpu]);
      expect((await store.totals()).containers).toBe(2);
    });

    it('goes on behind a sample of GPUs, and behind one of processors with those of the same container’s GPUs', async () => {
      await using store = await open();
      const gpu: Container = { ...web, device: 'gpu' };
      await store.append(tick('a', NOON + 15_000, [web, 5], [gpu, 70]));
      const range = { from: NOON, to: NOON + HOUR_MS };

      const behind = async (container: Container) =>
        (await collectSamples(store.samples({}, range, { container, end: NOON + 15_000 }))).filter(
          (each) => each.container.device === 'gpu',
        );

      expect(await behind(web)).toEqual([sample(gpu, NOON + 15_000, 70)]);
      expect(await behind({ ...web, pod: 'x' })).toEqual([]);
    });

    it('finds nothing by a name that cannot be stored', async () => {
      await using store = await open();
      await store.append(tick('a', NOON + 15_000, [web, 1]));

      for (const field of ['namespace', 'pod', 'container', 'node'] as const) {
        const filter = { [field]: 'web\0' };
        expect(await store.containers(filter)).toEqual([]);
        expect(await store.lastBlocks(filter, 1)).toEqual([]);
        expect(await collectSamples(store.samples(filter, { from: NOON, to: NOON + HOUR_MS }))).toEqual([]);
      }
    });

    it('merges a tick that comes after its hour was folded', async () => {
      await using store = await open();
      await store.append(tick('a', NOON + 15_000, [web, 1]));
      await store.append(tick('a', NOON + 45_000, [web, 3]));
      await store.compact(NOON + HOUR_MS);
      await store.append(tick('a', NOON + 30_000, [web, 2], [db, 9]));

      await store.compact(NOON + HOUR_MS);

      const found = await collectSamples(store.samples({ pod: 'web-1' }, { from: NOON, to: NOON + HOUR_MS }));
      expect(found.map((at) => at.joules)).toEqual([1, 2, 3]);
      expect((await store.totals()).blocks).toBe(2);
    });

    it('counts a tick that is delivered twice once', async () => {
      await using store = await open();
      await store.append(tick('a', NOON + 15_000, [web, 5]));
      await store.append(tick('a', NOON + 15_000, [web, 5]));

      const hours = await collect(store.hourly({}, { from: NOON, to: NOON + HOUR_MS }));

      expect(hours).toEqual([{ container: web, hour: NOON, joules: 5, coveredMs: 15_000 }]);
    });

    it('shares a sample over the hour between both hours, folded or not', async () => {
      await using store = await open();
      // 10 s before and 20 s after one o'clock at 3 W: 30 J and 60 J.
      const over: PowerSample = {
        container: web,
        start: NOON + HOUR_MS - 10_000,
        end: NOON + HOUR_MS + 20_000,
        joules: joules(90),
      };
      await store.append({ target: 'a', samples: [over] });
      const range = { from: NOON, to: NOON + 2 * HOUR_MS };
      const before = await collect(store.hourly({}, range));

      await store.compact(NOON + 2 * HOUR_MS);

      expect(before.map(({ hour, joules, coveredMs }) => [hour - NOON, joules, coveredMs])).toEqual([
        [0, 30, 10_000],
        [HOUR_MS, 60, 20_000],
      ]);
      expect(await collect(store.hourly({}, range))).toEqual(before);
      expect(await collectSamples(store.samples({}, { from: NOON, to: NOON + HOUR_MS }))).toEqual([over]);
    });

    it('gives the last minutes that have samples, over holes and folded hours', async () => {
      await using store = await open();
      for (const at of [15, 30, 60, 75, 3700, 3715]) await store.append(tick('a', NOON + at * SECOND, [web, at]));
      await store.compact(NOON + HOUR_MS);

      const found = await store.lastBlocks({ namespace: 'shop' }, 2);

      // A sample belongs to the minute of its last millisecond: 60 s ends the first minute, 75 s stands in the second.
      expect(found.map((at) => at.joules)).toEqual([75, 3700, 3715]);
    });

    it('forgets whole hours, and containers without any sample left', async () => {
      await using store = await open();
      await store.append(tick('a', NOON + 15_000, [web, 1], [db, 2]));
      await store.append(tick('a', NOON + HOUR_MS + 15_000, [web, 3]));
      await store.compact(NOON + HOUR_MS);

      const removed = await store.forgetBefore(NOON + HOUR_MS + MINUTE);

      expect(removed).toBe(1);
      expect((await store.containers()).map((span) => span.container)).toEqual([web]);
      expect(
        (await collectSamples(store.samples({}, { from: 0, to: NOON + 9 * HOUR_MS }))).map((at) => at.joules),
      ).toEqual([3]);
    });

    it('keeps the model behind modelled power, the newest one, and none once the power is measured', async () => {
      await using store = await open();
      const model = (name: string) => ({
        ...web,
        powerQuality: 'modelled' as const,
        powerModel: { name, low: 0.5, high: 2 },
      });
      const models: unknown[] = [];
      for (const [index, container] of [model('generic'), model('cpu:Cascade Lake'), web].entries()) {
        await store.append(tick('a', NOON + (index + 1) * 15_000, [container, 1]));
        const [known] = await store.containers();
        models.push([known?.container.powerQuality, known?.container.powerModel]);
      }

      expect(models).toEqual([
        ['modelled', { name: 'generic', low: 0.5, high: 2 }],
        ['modelled', { name: 'cpu:Cascade Lake', low: 0.5, high: 2 }],
        [undefined, undefined],
      ]);
    });

    it('tells how the power of a container was last known, measured unless told otherwise', async () => {
      await using store = await open();
      await store.append(tick('a', NOON + 15_000, [web, 1], [db, 1]));
      await store.append(tick('a', NOON + 30_000, [{ ...web, powerQuality: 'simulated' }, 1], [db, 1]));

      const samples = await collectSamples(store.samples({}, { from: NOON, to: NOON + HOUR_MS }));

      expect(samples.map(({ container }) => [container.pod, container.powerQuality])).toEqual([
        ['db-0', undefined],
        ['db-0', undefined],
        ['web-1', 'simulated'],
        ['web-1', 'simulated'],
      ]);
      expect(await store.containers()).toHaveLength(2);
    });

    it('takes a scrape that gave no samples', async () => {
      await using store = await open();

      await store.append({ target: 'a', samples: [], scrapedAt: NOON });

      expect((await store.totals()).containers).toBe(0);
    });

    it('refuses a sample that cannot be, and the whole tick with it', async () => {
      await using store = await open();
      const broken = { target: 'a', samples: [sample(web, NOON, 1), sample(db, NOON, Number.NaN)] };

      await expect(store.append(broken)).rejects.toThrow(RangeError);

      expect((await store.totals()).containers).toBe(0);
    });
  });

  describe(`${name} keeps carbon intensity`, () => {
    it('lets the newest value of an hour win, but never a worse quality', async () => {
      await using store = await open();
      await store.record([intensity(100, 'estimated'), intensity(110, 'estimated')]);
      await store.record([intensity(120, 'measured')]);
      await store.record([intensity(999, 'yearly-average')]);

      const found = await store.intensities([zone('DE')], { from: NOON + MINUTE, to: NOON + 2 * MINUTE });

      expect(found).toEqual([intensity(120, 'measured')]);
      expect(await store.zones()).toEqual(['DE']);
    });

    it('keeps average and marginal apart', async () => {
      await using store = await open();
      const marginal: HourlyIntensity = { ...intensity(700, 'measured'), signal: 'marginal' };
      await store.record([intensity(100, 'estimated'), marginal]);

      const found = await store.intensities([zone('DE')], { from: NOON, to: NOON + HOUR_MS });

      expect(found).toEqual([intensity(100, 'estimated'), marginal]);
    });

    it('forgets hours before a time', async () => {
      await using store = await open();
      const older = { ...intensity(100, 'measured'), hour: NOON - 2 * HOUR_MS };
      await store.record([older, intensity(110, 'measured')]);

      await store.forgetBefore(NOON - HOUR_MS);

      const found = await store.intensities([zone('DE')], { from: NOON - 9 * HOUR_MS, to: NOON + HOUR_MS });
      expect(found).toEqual([intensity(110, 'measured')]);
    });

    it('keeps what the provider told beside the value, and a known energy mix when a newer row has none', async () => {
      await using store = await open();
      const provenance = {
        emissionFactorType: 'direct',
        estimationMethod: 'TIME_SLICER_AVERAGE',
        updatedAt: NOON + 25 * MINUTE,
        dataQuality: 'historical',
      } as const;
      const mix = { energyMix: { wind: 60.5, gas: 39.5 } };
      await store.record([{ ...intensity(100, 'estimated'), ...provenance, ...mix }]);
      await store.record([{ ...intensity(110, 'estimated'), ...provenance }]);

      const found = await store.intensities([zone('DE')], { from: NOON, to: NOON + HOUR_MS });

      expect(found).toEqual([{ ...intensity(110, 'estimated'), ...provenance, ...mix }]);
    });
  });
}

function tick(target: string, end: number, ...energies: (readonly [Container, number])[]): PowerTick {
  return { target, samples: energies.map(([container, energy]) => sample(container, end, energy)) };
}

function sample(container: Container, end: number, energy: number): PowerSample {
  return { container, start: end - 15_000, end, joules: joules(energy) };
}

function intensity(value: number, quality: Quality): HourlyIntensity {
  return {
    zone: zone('DE'),
    hour: NOON,
    carbonIntensity: gramsPerKwh(value),
    provider: 'test',
    signal: 'average',
    quality,
  };
}

async function everything(store: WritableStore) {
  const range = { from: NOON - HOUR_MS, to: NOON + 9 * HOUR_MS };
  const hourly = await collect(store.hourly({}, range));
  return {
    samples: await collectSamples(store.samples({}, range)),
    hourly: hourly.sort((a, b) => a.hour - b.hour || (a.container.pod < b.container.pod ? -1 : 1)),
    lastBlocks: await store.lastBlocks({}, 7),
    containers: await store.containers(),
    totals: await store.totals(),
  };
}
