import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { startPowerTask } from '../../../../poller/power/record.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { type DcgmMode, type SimulatedGpu, startDcgmDouble } from '../../../doubles/dcgm.ts';
import { startKeplerDouble } from '../../../doubles/kepler.ts';
import { FakeClock } from '../../../fake-clock.ts';

const held: SimulatedGpu = { uuid: 'GPU-a', watts: 70, holders: [{ pod: 'llama-0' }] };
const free: SimulatedGpu = { uuid: 'GPU-b', watts: 10, holders: [] };

describe('the energy of GPUs by the DCGM exporter', () => {
  it('is recorded by container, with idle cards apart, beside the processors that Kepler counts', async () => {
    const clock = new FakeClock();
    const web = { namespace: 'ml', pod: 'llama-0', container: 'app', watts: 12, gpuWatts: 33 };
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, node: 'n1', containers: [web] });
    await using dcgm = await startDcgmDouble({ clock, gpus: [held, free], node: 'n1' });
    await using recording = record(clock, { EXPORTER_URL: kepler.url, DCGM_URLS: dcgm.url });

    await recording.cycles(3);

    const samples = recording.ticks.flatMap((tick) => tick.samples);
    // Kepler counts 33 W of the GPU as well: the same energy, and the card's own counter is the better one.
    expect(samples.map(({ container, joules }) => [container.pod, container.device, joules])).toEqual([
      ...[1, 2].flatMap(() => [
        ['llama-0', 'gpu', 1050],
        ['__idle__', 'gpu', 150],
        ['llama-0', undefined, 180],
      ]),
    ]);
    expect(new Set(samples.map(({ container }) => container.node))).toEqual(new Set(['n1']));
  });

  it('is Kepler’s where no DCGM exporter is configured', async () => {
    const clock = new FakeClock();
    const web = { namespace: 'ml', pod: 'llama-0', container: 'app', watts: 12, gpuWatts: 33 };
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, node: 'n1', containers: [web] });
    await using recording = record(clock, { EXPORTER_URL: kepler.url });

    await recording.cycles(3);

    const samples = recording.ticks.flatMap((tick) => tick.samples);
    expect(samples.map(({ container, joules }) => [container.pod, container.device, joules])).toEqual([
      ['llama-0', undefined, 180],
      ['llama-0', undefined, 180],
      ['llama-0', 'gpu', 495],
    ]);
  });

  it.each<[DcgmMode, string]>([
    ['html', 'html'],
    ['truncated', 'truncated'],
    ['cut-connection', 'truncated'],
    ['without-power', 'foreign'],
    ['error', 'http-status'],
  ])('is not lost while the exporter answers badly (%s), which is logged once', async (mode, reason) => {
    const clock = new FakeClock();
    await using dcgm = await startDcgmDouble({ clock, gpus: [held] });
    await using recording = record(clock, {
      POWER_SOURCE: 'usage',
      KUBELET_URLS: 'x=http://127.0.0.1:1',
      DCGM_URLS: dcgm.url,
    });
    await recording.cycles(1);

    dcgm.mode = mode;
    await recording.cycles(2);
    const during = [...recording.ticks];
    dcgm.mode = 'ok';
    await recording.cycles(1);

    expect(during).toEqual([]);
    const errors = recording.log.at('error').filter(({ fields }) => fields.code === 'DCGM_SCRAPE_FAILED');
    expect(errors.map((line) => line.fields.reason)).toEqual([reason]);
    expect(recording.ticks.flatMap((tick) => tick.samples.map(({ joules }) => joules))).toEqual([70 * 45]);
  });

  it('is recorded beside malformed lines, which are logged once', async () => {
    const clock = new FakeClock();
    await using dcgm = await startDcgmDouble({ clock, gpus: [held] });
    await using recording = record(clock, {
      POWER_SOURCE: 'usage',
      KUBELET_URLS: 'x=http://127.0.0.1:1',
      DCGM_URLS: dcgm.url,
    });
    dcgm.mode = 'malformed-line';

    await recording.cycles(3);

    const warnings = recording.log.at('warn').filter(({ fields }) => fields.code === 'METRICS_MALFORMED');
    expect(warnings.map(({ fields }) => [fields.target, fields.lines])).toEqual([[dcgm.url, 1]]);
    expect(recording.ticks.flatMap((tick) => tick.samples.map(({ joules }) => joules))).toEqual([1050, 1050]);
  });

  it('says that cards without a counter are integrated', async () => {
    const clock = new FakeClock();
    const gpus = [{ ...held, withoutCounter: true }];
    await using dcgm = await startDcgmDouble({ clock, gpus });
    await using recording = record(clock, {
      POWER_SOURCE: 'usage',
      KUBELET_URLS: 'x=http://127.0.0.1:1',
      DCGM_URLS: dcgm.url,
    });

    await recording.cycles(3);

    const samples = recording.ticks.flatMap((tick) => tick.samples);
    expect(samples.map(({ container, joules }) => [container.powerQuality, joules])).toEqual([
      ['modelled', 1050],
      ['modelled', 1050],
    ]);
    expect(recording.log.at('info').filter(({ message }) => message.includes('no energy counter'))).toHaveLength(1);
  });
});

function record(clock: FakeClock, env: Record<string, string>) {
  const config = loadConfig('poller', pollerConfigSchema, env);
  const log = capturedLog();
  const ticks: PowerTick[] = [];
  const metrics = createPowerMetrics(new Registry());
  const perCycle = (config.POWER_SOURCE === 'usage' ? 0 : config.EXPORTER_URL.length) + config.DCGM_URLS.length;
  let outcomes = 0;
  const store = {
    async append(tick: PowerTick) {
      if (tick.samples.length > 0) ticks.push(tick);
    },
    compact: async () => undefined,
    forgetBefore: async () => 0,
  };
  const task = startPowerTask({ config, store, clock, logger: log, metrics });
  return {
    ticks,
    log,
    /** Lets poll cycles run, each to its end, with 15 s between. */
    async cycles(count: number) {
      for (let cycle = 0; cycle < count; cycle += 1) {
        if (outcomes > 0) await clock.advance(15_000);
        const wanted = outcomes + perCycle;
        while (outcomes < wanted) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const { values } = await metrics.scrapes.get();
          const own = values.filter(({ labels }) => labels.source !== 'usage');
          outcomes = own.reduce((sum, { value }) => sum + value, 0);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await task[Symbol.asyncDispose]();
    },
  };
}
