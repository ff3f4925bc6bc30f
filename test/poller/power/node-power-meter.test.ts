import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { watchNodePower } from '../../../extender/placement/node-power-watch.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { NodePowerMeter } from '../../../poller/power/node-power-meter.ts';
import { createPowerMetrics } from '../../../poller/power/power-metrics.ts';
import { startPowerTask } from '../../../poller/power/record.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { startKeplerDouble } from '../../doubles/kepler.ts';
import { cacheText, temporaryFolder } from '../../extender/cache/cache-file.ts';
import { startScheduler } from '../../extender/webhook/start-webhook.ts';
import { FakeClock } from '../../fake-clock.ts';
import { annotatedPod, namesCall } from '../../fixtures/kube-scheduler/calls.ts';

const web = { namespace: 'shop', pod: 'web-0', container: 'app', watts: 12 };
const LIMITS = { maxGapMs: 80_000, maxNodeRate: 20_000 };

describe('the power of nodes', () => {
  it('goes from what Kepler exposes by the file to the score', async () => {
    const clock = new RoundClock();
    await using folder = await temporaryFolder();
    const setting = { generation: 'rewrite' as const, clock, containers: [web] };
    const thrifty = { watts: 60, usageRatio: 1, processors: 8 };
    const hungry = { watts: 60, usageRatio: 0.5, processors: 8 };
    await using first = await startKeplerDouble({ ...setting, node: 'thrifty', nodeUse: thrifty });
    await using second = await startKeplerDouble({ ...setting, node: 'hungry', nodeUse: hungry });
    await using third = await startKeplerDouble({ ...setting, node: 'silent' });
    await using fourth = await startKeplerDouble({ ...setting, generation: 'classic', node: 'classic' });
    await using recording = record([first, second, third, fourth], clock, folder.path);

    await recording.rounds(25);
    const file = join(folder.path, 'node_power.json');
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).not.toBe('');
    await using power = watchNodePower(file, { clock, logger: capturedLog() });
    await expect.poll(() => power.wattsPerCore('thrifty')).toBeDefined();
    await using scheduler = await startScheduler({
      cache: cacheText({ FR: 50 }),
      zones: { thrifty: 'FR', hungry: 'FR', silent: 'FR', classic: 'FR' },
      power,
    });
    const names = ['thrifty', 'hungry', 'silent', 'classic'];
    const answer = await scheduler.call('/prioritize', namesCall(names, annotatedPod({})));

    // 60 W over 8 and over 4 busy cores; where the busy cores are not told there is no figure.
    const figures = names.map((name) => power.wattsPerCore(name));
    expect(figures).toEqual([expect.closeTo(7.5, 6), expect.closeTo(15, 6), undefined, undefined]);
    expect(JSON.parse(answer.text)).toEqual([
      { Host: 'thrifty', Score: 10 },
      { Host: 'hungry', Score: 5 },
      { Host: 'silent', Score: 10 },
      { Host: 'classic', Score: 10 },
    ]);
    expect(await readdir(folder.path)).toEqual(['node_power.json']);
  });

  it('costs no sample where its file cannot be written, and says so once', async () => {
    const clock = new RoundClock();
    await using folder = await temporaryFolder();
    const nodeUse = { watts: 60, usageRatio: 1, processors: 8 };
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, containers: [web], nodeUse });
    await using recording = record([kepler], clock, join(folder.path, 'not-there'));

    await recording.rounds(30);

    expect(recording.samples()).toBe(29);
    expect(recording.log.at('warn').map((line) => line.message)).toEqual([
      'could not write the measured power of nodes; scores use the last file until it expires',
    ]);
  });
});

describe('the meter of a node', () => {
  it('counts no interval with a restart, a gap, a frozen counter or an impossible power', () => {
    const meter = new NodePowerMeter(LIMITS);
    const see = (seconds: number, joules: number) => meter.take(observation(seconds, joules));
    const steady = (from: number, joules: number) => {
      for (let at = 0; at <= 25; at++) see(from + at * 15, joules + at * 600);
    };

    steady(0, 1_000);
    see(390, 5); // restarted
    see(405, 605);
    see(420, 605); // frozen
    see(600, 90_000); // too long ago
    see(615, 9e9); // impossible
    const figure = meter.wattsPerCore(615_000).get('n');

    expect(figure).toBeCloseTo(10, 6);
  });

  it('gives nothing of a node that was measured for too short, was hardly busy, or whose energy is made up', () => {
    const short = new NodePowerMeter(LIMITS);
    const idle = new NodePowerMeter(LIMITS);
    const modelled = new NodePowerMeter(LIMITS);

    for (let at = 0; at <= 40; at++) {
      if (at < 15) short.take(observation(at * 15, at * 600));
      idle.take({ ...observation(at * 15, at * 600), usage: { joules: at * 600, busyCores: 0.1 } });
      modelled.take({ ...observation(at * 15, at * 600), quality: 'modelled' });
    }

    expect([short, idle, modelled].map((meter) => meter.wattsPerCore(600_000).size)).toEqual([0, 0, 0]);
  });

  it('forgets a node that was not seen for a day', () => {
    const meter = new NodePowerMeter(LIMITS);
    for (let at = 0; at <= 40; at++) meter.take(observation(at * 15, at * 600));

    const known = meter.wattsPerCore(600_000).size;
    const later = meter.wattsPerCore(600_000 + 25 * 3_600_000).size;

    expect([known, later]).toEqual([1, 0]);
  });
});

/** Counts the rounds that have ended: the task sleeps after each. */
class RoundClock extends FakeClock {
  sleeps = 0;

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps += 1;
    return super.sleep(ms, signal);
  }
}

/** 4 of the node's cores busy. */
function observation(seconds: number, joules: number) {
  const usage = { joules, busyCores: 4 };
  return { node: 'n', basis: 'zones package', quality: 'measured' as const, monotonic: seconds * 1000, usage };
}

function record(exporters: readonly { url: string }[], clock: RoundClock, folder: string) {
  const config = loadConfig('poller', pollerConfigSchema, {
    EXPORTER_URL: exporters.map(({ url }) => url).join(','),
    CACHE_FILE: join(folder, 'carbon_cache.json'),
  });
  const metrics = createPowerMetrics(new Registry());
  const log = capturedLog();
  let samples = 0;
  const store = {
    async append(tick: { readonly samples: readonly unknown[] }) {
      samples += tick.samples.length;
    },
    compact: async () => undefined,
    forgetBefore: async () => 0,
  };
  const task = startPowerTask({ config, store, clock, logger: log, metrics });
  return {
    log,
    samples: () => samples,
    /** Lets rounds run, each to its end, with 15 s between. */
    async rounds(count: number) {
      for (let round = 1; round <= count; round += 1) {
        if (round > 1) await clock.advance(15_000);
        await expect.poll(() => clock.sleeps, { interval: 2 }).toBe(round);
      }
    },
    [Symbol.asyncDispose]: () => task[Symbol.asyncDispose](),
  };
}
