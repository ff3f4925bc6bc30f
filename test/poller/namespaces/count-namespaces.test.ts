import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { countNamespaces } from '../../../poller/namespaces/count-namespaces.ts';
import { createNamespaceMetrics } from '../../../poller/namespaces/namespace-metrics.ts';
import { HOUR_MS, hourOf, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { PowerTick } from '../../../shared/records/power.ts';
import { capturedLog } from '../../captured-log.ts';
import { hourOfZone } from '../../cli/history.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';

const NOW = Date.parse('2026-01-01T12:30:00Z');
const tick = (namespace: string, node: string, kwh: number, start = NOW): PowerTick => ({
  target: 'kepler',
  samples: [
    {
      container: { namespace, pod: 'p', container: 'c', node },
      start,
      end: start + 60_000,
      joules: joules(kwh * 3.6e6),
    },
  ],
});

describe('countNamespaces', () => {
  it('counts written energy and its grams at the newest intensity of the zone, and what has no price apart', async () => {
    using folder = temporaryFolder();
    await using history = openSqliteWriter(folder.path);
    await history.record([hourOfZone('DE', hourOf(NOW) - HOUR_MS, 100), hourOfZone('DE', hourOf(NOW), 300)]);
    const registry = new Registry();
    const metrics = createNamespaceMetrics(registry);
    const zonesOfNodes = async () => (node: string) => (node === 'n1' ? zone('DE') : undefined);
    await using counted = countNamespaces({
      history,
      zonesOfNodes,
      metrics,
      clock: new FakeClock(NOW),
      logger: capturedLog(),
    });
    const values = async (name: string) =>
      Object.fromEntries(
        ((await registry.getSingleMetric(name)?.get())?.values ?? []).map(({ labels, value }) => [
          labels.namespace,
          value,
        ]),
      );
    await expect.poll(() => history.zones()).toEqual([zone('DE')]);
    await new Promise((resolve) => setImmediate(resolve));

    await counted.history.append(tick('shop', 'n1', 2));
    await counted.history.append(tick('batch', 'nowhere', 1));
    await counted.history.append(tick('__idle__', 'n1', 5));

    expect(await values('carbon_namespace_energy_joules_total')).toEqual({ shop: 7.2e6, batch: 3.6e6 });
    expect(await values('carbon_namespace_emissions_grams_total')).toEqual({ shop: 600 });
    expect(await values('carbon_namespace_unpriced_energy_joules_total')).toEqual({ batch: 3.6e6 });
  });

  it('does not count what could not be written', async () => {
    using folder = temporaryFolder();
    await using history = openSqliteWriter(folder.path);
    const failing = Object.assign(Object.create(history), { append: () => Promise.reject(new Error('disk full')) });
    const registry = new Registry();
    const metrics = createNamespaceMetrics(registry);
    const zonesOfNodes = async () => () => undefined;
    await using counted = countNamespaces({
      history: failing,
      zonesOfNodes,
      metrics,
      clock: new FakeClock(NOW),
      logger: capturedLog(),
    });

    await expect(counted.history.append(tick('shop', 'n1', 2))).rejects.toThrow('disk full');

    expect((await metrics.energy.get()).values).toEqual([]);
  });
});
