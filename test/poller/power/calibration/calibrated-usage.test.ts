// Flow: a node that its controller measures corrects the model of the other nodes of its type.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { MeasuredNodes } from '../../../../poller/power/calibration/measured-nodes.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { configuredNodes } from '../../../../poller/power/usage/nodes.ts';
import { UsageSource } from '../../../../poller/power/usage/usage-source.ts';
import { CalibrationRecord } from '../../../../shared/power-model/calibration.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { startKubeletDouble } from '../../../doubles/kubelet.ts';
import { FakeClock } from '../../../fake-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'calibrated-'));
const TOKEN = join(folder, 'token');
writeFileSync(TOKEN, 'a-token');
afterAll(() => rmSync(folder, { recursive: true }));

const web = { namespace: 'shop', pod: 'web-0', container: 'app', cores: 1, memoryBytes: 2e9 };

describe('a measured node of the same type', () => {
  it('corrects the watts, the bounds and the model’s facts of the others, and is not recorded itself', async () => {
    await using test = await start('aws:m5.xlarge');

    // 2 of 4 cores busy: the model has 28.24 W, the controller shows half of that.
    await test.cycles(130, 14.12);

    const last = test.samples.filter(({ end }) => end === Math.max(...test.samples.map((sample) => sample.end)));
    expect(new Set(test.samples.map(({ container }) => container.node))).toEqual(new Set(['n2']));
    expect(last.reduce((sum, { joules }) => sum + joules, 0) / 15).toBeCloseTo(14.12, 1);
    expect(last[0]?.container.powerModel).toMatchObject({
      name: 'aws:m5.xlarge',
      low: 0.9,
      high: 1.1,
      calibration: { factor: 0.5, source: 'platform' },
    });
    const gauges = [test.metrics.calibrationLow, test.metrics.calibration, test.metrics.calibrationHigh];
    const values = await Promise.all(gauges.map(async (gauge) => (await gauge.get()).values[0]?.value));
    expect(values).toEqual([0.45, 0.5, 0.55]);
  });

  it('changes nothing before half an hour', async () => {
    await using test = await start('aws:m5.xlarge');

    await test.cycles(60, 14.12);

    expect(test.samples.every(({ container }) => container.powerModel?.calibration === undefined)).toBe(true);
  });

  it('says nothing about nodes of another type, whose kubelet is then not read', async () => {
    await using test = await start('aws:c5.xlarge');

    await test.cycles(130, 14.12);

    expect(test.samples.every(({ container }) => container.powerModel?.calibration === undefined)).toBe(true);
    expect(test.asked()).toBe(false);
  });
});

/** Node n1 is measured, and n2 of a type is modelled. */
async function start(type: string) {
  const clock = new FakeClock();
  const options = { clock, containers: [{ ...web }], nodeCores: 2 };
  const [measuredKubelet, kubelet] = [await startKubeletDouble(options), await startKubeletDouble(options)];
  const config = loadConfig('poller', pollerConfigSchema, {
    KUBELET_URLS: `n1=${measuredKubelet.url},n2=${kubelet.url}`,
    NODE_TYPES: `n1=aws:m5.xlarge,n2=${type}`,
    KUBELET_BEARER_FILE: TOKEN,
  });
  const metrics = createPowerMetrics(new Registry());
  const samples: PowerSample[] = [];
  const known = configuredNodes(config.KUBELET_URLS, config.NODE_TYPES);
  const measured = new MeasuredNodes();
  const usage = new UsageSource({
    ...{ config, clock, logger: capturedLog(), metrics, measured, maxGapMs: 82_500 },
    store: { append: async (tick) => void samples.push(...tick.samples) },
    nodes: async () => known,
    calibration: new CalibrationRecord(),
  });
  return {
    samples,
    metrics,
    /** Whether the measured node's kubelet was read at all. */
    asked: () => measuredKubelet.authorization !== undefined,
    async cycles(count: number, watts: number) {
      for (let cycle = 0; cycle < count; cycle += 1) {
        await clock.advance(15_000);
        measured.platform('n1', watts, clock.monotonic());
        await usage.scrapeAll(new Set(['n1']), new AbortController().signal);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const part of [usage, measuredKubelet, kubelet]) await part[Symbol.asyncDispose]();
    },
  };
}
