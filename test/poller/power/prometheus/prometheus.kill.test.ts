// Flow: Kepler's counters through a real Prometheus that is killed, restarted and asked for a past, into the embedded store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PrometheusClient } from '../../../../poller/power/prometheus/prometheus-client.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { startKeplerDouble } from '../../../doubles/kepler.ts';
import { available } from '../../../servers/available.ts';
import { startPrometheus } from '../../../servers/prometheus.ts';
import { openSqliteWriter } from '../../../shared/store/opened-parts.ts';

import { source } from './prometheus-reading.ts';

const root = mkdtempSync(join(tmpdir(), 'prometheus-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const web = { namespace: 'shop', pod: 'web-0', container: 'app', watts: 12 };

describe.skipIf(!available('prometheus', 'apt-get install prometheus'))('energy from a real Prometheus', () => {
  it('is what a direct scrape gives, over a crash of Prometheus, and from the past at the first start', async () => {
    const beside = { idleWatts: 40, systemWatts: 3 };
    const setting = {
      generation: 'rewrite' as const,
      clock: systemClock,
      node: 'n1',
      containers: [{ ...web }],
      beside,
    };
    await using kepler = await startKeplerDouble(setting);
    await using prometheus = await startPrometheus(join(root, 'real'), [new URL(kepler.url).host]);
    await using store = openSqliteWriter(join(root, 'store'));
    await using reading = source(prometheus.url, systemClock, store);
    await waitFor(14_000);

    await reading.readNew();
    const past = reading.samples.length;
    await prometheus.kill();
    await reading.readNew();
    const during = reading.samples.length;
    await prometheus.restart();
    await waitFor(14_000);
    await reading.readNew();

    expect(past).toBeGreaterThan(3);
    expect(during).toBe(past);
    expect(reading.log.at('error').map(({ fields }) => [fields.code, fields.reason])).toEqual([
      ['PROMETHEUS_READ_FAILED', 'unreachable'],
    ]);
    for (const [namespace, metric] of [
      ['shop', 'kepler_container_cpu_joules_total'],
      ['__idle__', 'kepler_node_cpu_idle_joules_total'],
    ] as const) {
      const own = reading.samples.filter(({ container }) => container.namespace === namespace);
      const joules = own.reduce((sum, sample) => sum + sample.joules, 0);
      const { first, last } = { first: own[0]?.start ?? 0, last: own.at(-1)?.end ?? 0 };
      const raw = await rawIncrease(prometheus.url, metric, first, last);
      expect(Math.abs(joules / raw - 1), namespace).toBeLessThan(0.001);
      // One sample follows the other, through the outage.
      for (const [index, sample] of own.entries()) expect(sample.start).toBe(own[index - 1]?.end ?? first);
      expect(last - first).toBeGreaterThan(12_000);
    }
    const total = reading.samples.reduce((sum, sample) => sum + sample.joules, 0);
    const seconds = spanOf(reading.samples) / 1000;
    expect(Math.abs(total / seconds / (12 + 40 + 3) - 1)).toBeLessThan(0.01);

    // A poller that starts again goes on from the store, and writes nothing twice.
    await using again = source(prometheus.url, systemClock, store);
    const stored = async () => {
      let sum = 0;
      for await (const batch of store.samples({}, { from: 0, to: Date.now() + 60_000 }))
        for (const { joules } of batch) sum += joules;
      return sum;
    };
    const before = await stored();
    await again.readNew();
    expect((await stored()) - before).toBeLessThan(55 * 12);
    expect(before).toBeCloseTo(total, 3);
  }, 60_000);
});

/** What the package and dram zones of a metric rose by between two times, by Prometheus' raw samples. */
async function rawIncrease(url: string, metric: string, first: number, last: number): Promise<number> {
  await using client = new PrometheusClient({ url, timeoutMs: 5_000, maxBytes: 1e8 });
  const { signal } = new AbortController();
  const range = Math.ceil((last - first) / 1000) + 2;
  const series = await client.query(`${metric}{zone=~"package|dram"}[${range}s]`, last, signal);
  let sum = 0;
  for (const { samples } of series) {
    const at = (time: number) => samples.find(([when]) => when === time)?.[1] ?? Number.NaN;
    sum += at(last) - at(first);
  }
  return sum;
}

function spanOf(samples: readonly PowerSample[]): number {
  const starts = samples.map(({ start }) => start);
  return Math.max(...samples.map(({ end }) => end)) - Math.min(...starts);
}

function waitFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
