import { HOUR_MS } from '../../shared/grid/units.ts';
import { budgetUsages } from '../budget-usage.ts';
import type { CliConfig } from '../settings.ts';
import { withStore } from '../stores.ts';

const SITES = [
  {
    site: 'simulated-berlin',
    devices: [
      { device: 'rack-a', watts: 1400 },
      { device: 'rack-b', watts: 900 },
    ],
  },
  { site: 'simulated-madrid', devices: [{ device: 'ups-1', watts: 650 }] },
] as const;
/** Zones of the sites, as SITE_ZONES takes them. */
export const DEMO_SITE_ZONES = 'simulated-berlin=DE,simulated-madrid=ES';
/** Budgets, with the share of them that is used when the demo starts. */
const BUDGETS = [
  { name: 'simulated-shop', usedShare: 0.85 },
  { name: 'simulated-batch', usedShare: 0.42 },
] as const;

const EVERY_MS = 5 * 60_000;
const PAST_MS = 2 * 24 * HOUR_MS;
/** Readings of one request. */
const BATCH = 500;

/** Sends readings of two sites to the API: two days of them at first, then those of the time since. Returns their end. */
export async function sendReadings(
  api: string,
  headers: Record<string, string>,
  since: number | undefined,
  now: number,
): Promise<number> {
  const from = since ?? Math.floor((now - PAST_MS) / EVERY_MS) * EVERY_MS;
  const readings = [];
  let at = from;
  for (; at <= now; at += EVERY_MS)
    for (const { site, devices } of SITES)
      for (const { device, watts } of devices) {
        const swing = 1 + 0.2 * Math.sin(at / (2 * HOUR_MS));
        const power_reading = Math.round(watts * swing);
        readings.push({ site_id: site, device_id: device, power_reading, timestamp: new Date(at).toISOString() });
      }
  for (let index = 0; index < readings.length; index += BATCH)
    await fetch(`${api}/readings`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(readings.slice(index, index + BATCH)),
    });
  return at;
}

/** Sets budgets whose used shares are known now; a budget that exists already stays. */
export async function setBudgets(config: CliConfig, now: number): Promise<void> {
  await withStore(config, async (store) => {
    const known = new Set((await store.workloads.budgets()).map(({ name }) => name));
    const missing = BUDGETS.filter(({ name }) => !known.has(name));
    for (const { name } of missing)
      await store.workloads.setBudget({ kind: 'namespace', name, per: 'month', grams: 1 });
    const usages = await budgetUsages(config, store, now);
    for (const { name, usedShare } of missing) {
      const used = usages.find(({ standing }) => standing.name === name)?.standing.used_gCO2e;
      const key = { kind: 'namespace', name, per: 'month' } as const;
      if (used) await store.workloads.setBudget({ ...key, grams: Math.round(used / usedShare) });
      else await store.workloads.removeBudget(key);
    }
  });
}
