import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import type { WorkloadEmissions, WorkloadStore } from '../../../shared/records/workloads.ts';
import type { Opened } from './opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const ALWAYS = { from: 0, to: NOON + 1000 * HOUR_MS };

/** A record of one hour from noon. */
export function workload(fields: Partial<WorkloadEmissions> = {}): WorkloadEmissions {
  return {
    service_name: 'checkout',
    region: 'us-east-1',
    period_start: NOON,
    period_end: NOON + HOUR_MS,
    request_count: 3_000_000_000,
    total_kWh: 1.25,
    avg_kWh_per_request: 1.25 / 3_000_000_000,
    total_gCO2e: 512.5,
    gCO2e_per_1k_requests: 512.5 / 3_000_000,
    avg_grid_gCO2_per_kWh: 410,
    min_grid_gCO2_per_kWh: 400,
    max_grid_gCO2_per_kWh: 420.125,
    calculation_method: 'requests x Wh per request',
    assumptions: { zone: 'US-MIDA-PJM', intensity_coverage: 0.5 },
    metadata: { team: "it's us", nested: { list: [1, null] } },
    ...fields,
  };
}

/** Every adapter of the workloads' ports passes this suite. `open` gives an empty store. */
export function workloadsContract(name: string, open: () => Promise<Opened<WorkloadStore>>): void {
  describe(`${name} keeps workloads`, () => {
    it('is empty at first, and removes nothing from nothing', async () => {
      await using store = await open();

      expect(await store.workloads({}, ALWAYS)).toEqual([]);
      expect(await store.workloads({ service: 'a name that cannot be stored\0' }, ALWAYS)).toEqual([]);
      expect(await store.budgets()).toEqual([]);
      expect(await store.removeBudget({ kind: 'service', name: 's', per: 'day' })).toBe(false);
    });

    it('gives a record back as it was saved, with the time of saving', async () => {
      await using store = await open();

      const saved = await store.saveWorkloads([workload()]);

      const [found, ...others] = await store.workloads({}, ALWAYS);
      expect(saved).toEqual({ created: 1, updated: 0 });
      expect(found).toMatchObject(workload());
      expect(found?.created_at).toBeGreaterThan(Date.parse('2026-01-01'));
      expect(found?.updated_at).toBe(found?.created_at);
      expect(others).toEqual([]);
    });

    it('replaces the record of the same service, region and period, and keeps when it was first saved', async () => {
      await using store = await open();
      await store.saveWorkloads([workload()]);
      const [first] = await store.workloads({}, ALWAYS);

      const again = await store.saveWorkloads([workload({ total_gCO2e: 1 }), workload({ region: 'DE' })]);

      const found = await store.workloads({ region: 'us-east-1' }, ALWAYS);
      expect(again).toEqual({ created: 1, updated: 1 });
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ total_gCO2e: 1, created_at: first?.created_at });
    });

    it('takes the last of two records of the same key in one call', async () => {
      await using store = await open();

      const saved = await store.saveWorkloads([workload({ total_kWh: 1 }), workload({ total_kWh: 2 })]);

      expect(saved).toEqual({ created: 1, updated: 1 });
      expect((await store.workloads({}, ALWAYS)).map(({ total_kWh }) => total_kWh)).toEqual([2]);
    });

    it('saves all or none', async () => {
      await using store = await open();

      await expect(store.saveWorkloads([workload(), workload({ region: 'DE', request_count: 0 })])).rejects.toThrow();

      expect(await store.workloads({}, ALWAYS)).toEqual([]);
    });

    it('finds what overlaps a range, by service and region, in the order of time', async () => {
      await using store = await open();
      const at = (hour: number, fields = {}) =>
        workload({ period_start: NOON + hour * HOUR_MS, period_end: NOON + (hour + 1) * HOUR_MS, ...fields });
      await store.saveWorkloads([at(2), at(0), at(1, { service_name: 'cart' }), at(1, { region: 'DE' }), at(1)]);

      const hours = async (filter: object, from: number, to: number) =>
        (await store.workloads(filter, { from: NOON + from * HOUR_MS, to: NOON + to * HOUR_MS })).map(
          ({ service_name, region, period_start }) => `${service_name} ${region} ${(period_start - NOON) / HOUR_MS}`,
        );

      expect(await hours({}, 0.5, 2)).toEqual([
        'checkout us-east-1 0',
        'cart us-east-1 1',
        'checkout DE 1',
        'checkout us-east-1 1',
      ]);
      expect(await hours({ service: 'cart' }, 0, 9)).toEqual(['cart us-east-1 1']);
      expect(await hours({ region: 'DE' }, 0, 9)).toEqual(['checkout DE 1']);
      expect(await hours({}, 3, 9)).toEqual([]);
    });
  });

  describe(`${name} keeps budgets`, () => {
    const key = { kind: 'namespace', name: 'shop', per: 'month' } as const;

    it('sets, changes, remembers alerts, and begins anew when the budget changes', async () => {
      await using store = await open();
      await store.setBudget({ ...key, grams: 50 });
      await store.noteAlert(key, NOON, 0.8);
      const alerted = await store.budgets();

      await store.setBudget({ ...key, grams: 75.5 });

      expect(alerted).toEqual([{ ...key, grams: 50, alerted_period: NOON, alerted_share: 0.8 }]);
      expect(await store.budgets()).toEqual([{ ...key, grams: 75.5, alerted_period: null, alerted_share: 0 }]);
    });

    it('has one budget per owner and period, and removes the one that is meant', async () => {
      await using store = await open();
      await store.setBudget({ ...key, grams: 50 });
      await store.setBudget({ ...key, per: 'day', grams: 2 });

      expect(await store.removeBudget(key)).toBe(true);
      expect((await store.budgets()).map(({ per }) => per)).toEqual(['day']);
    });
  });
}
