import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type PollerConfig, pollerConfigSchema } from '../../../poller/config.ts';
import { createPowerMetrics } from '../../../poller/power/power-metrics.ts';
import { startPowerTask } from '../../../poller/power/record.ts';
import type { PowerTick } from '../../../shared/records/power.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { type KeplerMode, MALFORMED, type SimulatedContainer, startKeplerDouble } from '../../doubles/kepler.ts';
import { FakeClock } from '../../fake-clock.ts';

const web: SimulatedContainer = { namespace: 'shop', pod: 'web-0', container: 'app', watts: 12 };

describe('the power task', () => {
  it.each(['classic', 'rewrite'] as const)('records what a %s exporter counts', async (generation) => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({ generation, clock, node: 'n7', containers: [{ ...web }] });
    await using recording = record(kepler.url, clock);

    await recording.cycles(3);

    // 12 W for 15 s are 180 J, of either generation: package and dram only, dynamic only.
    expect(recording.ticks.map((tick) => tick.samples)).toEqual([
      [{ container: container('n7'), start: noon(0), end: noon(15), joules: 180 }],
      [{ container: container('n7'), start: noon(15), end: noon(30), joules: 180 }],
    ]);
  });

  it.each<[KeplerMode, string]>([
    ['html', 'html'],
    ['truncated', 'truncated'],
    ['cut-connection', 'truncated'],
    ['unknown-metrics', 'foreign'],
    ['slow', 'timeout'],
    ['error', 'http-status'],
  ])('says once that an exporter answers badly (%s), records nothing, and recovers', async (mode, reason) => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({ generation: 'classic', clock, containers: [{ ...web }] });
    await using recording = record(kepler.url, clock, { SCRAPE_TIMEOUT_SECONDS: '0.2' });
    await recording.cycles(1);

    kepler.mode = mode;
    await recording.cycles(2);
    const during = [...recording.ticks];
    kepler.mode = 'ok';
    await recording.cycles(1);

    expect(during).toEqual([]);
    expect(recording.log.at('error').map((line) => line.fields.reason)).toEqual([reason]);
    // Nothing is lost: the first good scrape gives the energy of all three intervals.
    expect(recording.ticks.flatMap((tick) => tick.samples.map((sample) => sample.joules))).toEqual([12 * 45]);
    expect(recording.log.at('info')).toHaveLength(2);
  });

  it('says once that counters rise by more than is possible, and again after they were right', async () => {
    const clock = new FakeClock();
    const wild = { ...web, watts: 12 };
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, node: 'n7', containers: [wild] });
    await using recording = record(kepler.url, clock, { MAX_CONTAINER_WATTS: '100' });
    await recording.cycles(2);
    const warnings = () => recording.log.at('warn').filter(({ fields }) => fields.code === 'POWER_IMPLAUSIBLE');

    // Each change of the constant power makes the counter jump.
    wild.watts = 500;
    await recording.cycles(2);
    const first = warnings();
    wild.watts = 12;
    kepler.restart();
    await recording.cycles(2);

    expect(first.map(({ fields }) => fields.node)).toEqual(['n7']);
    wild.watts = 500;
    await recording.cycles(2);
    expect(warnings()).toHaveLength(2);
  });

  it('counts every malformed line, says so once, and again after the body was right', async () => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({
      generation: 'rewrite',
      clock,
      node: 'n7',
      containers: [{ ...web }],
    });
    await using recording = record(kepler.url, clock);
    const warnings = () => recording.log.at('warn').map(({ fields }) => [fields.code, fields.target, fields.lines]);
    const expected = ['METRICS_MALFORMED', kepler.url, MALFORMED.length];

    kepler.mode = 'malformed-lines';
    await recording.cycles(3);
    const during = warnings();
    const counted = await recording.malformed();
    kepler.mode = 'ok';
    await recording.cycles(1);
    kepler.mode = 'malformed-lines';
    await recording.cycles(1);

    expect(during).toEqual([expected]);
    expect(counted).toBe(3 * MALFORMED.length);
    expect(warnings()).toEqual([expected, expected]);
    // The valid lines of the same bodies count as ever.
    expect(recording.ticks.map((tick) => tick.samples.map(({ joules }) => joules))).toEqual([
      [180],
      [180],
      [180],
      [180],
    ]);
  });

  it('lets a target that fails cost only itself', async () => {
    const clock = new FakeClock();
    await using good = await startKeplerDouble({ generation: 'rewrite', clock, containers: [{ ...web }] });
    await using bad = await startKeplerDouble({ generation: 'rewrite', clock, containers: [{ ...web }] });
    bad.mode = 'error';
    await using recording = record(`${bad.url}, ${good.url}`, clock);

    await recording.cycles(2);

    expect(recording.ticks.map((tick) => tick.target)).toEqual([good.url]);
  });

  it('keeps the energy of a tick that could not be stored for the next', async () => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({ generation: 'classic', clock, containers: [{ ...web }] });
    await using recording = record(kepler.url, clock);
    await recording.cycles(1);

    recording.storeFails = true;
    await recording.cycles(1);
    recording.storeFails = false;
    await recording.cycles(1);

    expect(recording.ticks.flatMap((tick) => tick.samples.map((sample) => sample.joules))).toEqual([360]);
    expect(recording.log.at('error').map((line) => line.fields.reason)).toEqual(['store']);
  });

  it('goes on through a restart of the exporter', async () => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({ generation: 'classic', clock, containers: [{ ...web }] });
    await using recording = record(kepler.url, clock);
    await recording.cycles(3);

    kepler.restart();
    await recording.cycles(1);

    // 360 J fell to 180 J: counted from zero again.
    expect(recording.ticks.flatMap((tick) => tick.samples.map((sample) => sample.joules))).toEqual([180, 180, 180]);
  });

  it('tells the store of every scrape, also of one that gives no samples', async () => {
    const clock = new FakeClock();
    await using kepler = await startKeplerDouble({ generation: 'classic', clock, containers: [{ ...web }] });
    await using recording = record(kepler.url, clock);

    await recording.cycles(2);

    expect(recording.scrapes).toEqual([noon(0), noon(15)]);
  });

  it('never subtracts the counters of one node from those of another behind the same address', async () => {
    const clock = new FakeClock();
    const shared = { generation: 'classic' as const, clock, node: 'n1', containers: [{ ...web }] };
    await using kepler = await startKeplerDouble(shared);
    await using recording = record(kepler.url, clock);

    for (const node of ['n1', 'n2', 'n1', 'n2']) {
      shared.node = node;
      await recording.cycles(1);
    }

    // Each node is seen twice, 30 s apart: 12 W × 30 s of each.
    const samples = recording.ticks.flatMap((tick) => tick.samples);
    expect(samples.map((sample) => [sample.container.node, sample.joules])).toEqual([
      ['n1', 360],
      ['n2', 360],
    ]);
    expect(recording.log.at('warn').map((line) => line.message)).toEqual([
      'one exporter address serves several nodes in turn; use a headless service',
    ]);
  });

  it('applies the limit of a node to each node of a body with many', async () => {
    const clock = new FakeClock();
    const nodes = Array.from({ length: 12 }, (_, at) => `n${at}`);
    const containers = nodes.map((node) => ({ ...web, pod: node, node, watts: 1_900 }));
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, containers });
    await using recording = record(kepler.url, clock);

    await recording.cycles(2);

    // 12 nodes of 1.9 kW draw more than one node may.
    expect(recording.ticks.flatMap((tick) => tick.samples.map(({ container }) => container.node))).toEqual(nodes);
    expect(recording.log.at('warn')).toEqual([]);
  });

  it('records what nodes used idle and outside containers, so that the node adds up', async () => {
    const clock = new FakeClock();
    const beside = { idleWatts: 40, systemWatts: 3 };
    await using kepler = await startKeplerDouble({ generation: 'rewrite', clock, containers: [{ ...web }], beside });
    await using recording = record(kepler.url, clock);

    await recording.cycles(2);

    const samples = recording.ticks.flatMap((tick) => tick.samples);
    expect(samples.map(({ container, joules }) => [container.namespace, container.node, joules])).toEqual([
      ['shop', 'node-1', 12 * 15],
      ['__idle__', 'node-1', 40 * 15],
      ['__system__', 'node-1', 3 * 15],
    ]);
  });

  it.each([
    ['adds up', 3, 1, []],
    // Containers have 12 W, and the node says that all of it was 11 W.
    ['is off by more than 5 %', -1, 12 / 11, ['2026-01-01T12:00:00.000Z', '2026-01-01T13:00:00.000Z']],
    ['is off by less than 5 %', -0.5, 12 / 11.5, []],
  ])('shows for every hour how well a node adds up, and warns where it does not: one that %s', async (...given) => {
    const [, systemWatts, ratio, hours] = given;
    const clock = new FakeClock();
    const setting = {
      generation: 'rewrite' as const,
      clock,
      containers: [{ ...web }],
      beside: { idleWatts: 40, systemWatts },
    };
    await using kepler = await startKeplerDouble(setting);
    await using recording = record(kepler.url, clock, { SCRAPE_INTERVAL_SECONDS: '300' });

    await recording.cycles(26);

    const closure = await recording.closure();
    expect(closure?.labels).toEqual({ node: 'node-1' });
    expect(closure?.value).toBeCloseTo(ratio, 4);
    expect(recording.log.at('warn').map(({ fields }) => [fields.code, fields.node, fields.hour])).toEqual(
      hours.map((hour) => ['NODE_NOT_CLOSED', 'node-1', hour]),
    );
  });

  it('records a Kepler without Kubernetes from its second scrape, by container name and the host of the exporter', async () => {
    const clock = new FakeClock();
    const beside = { idleWatts: 40, systemWatts: 3 };
    const setting = { generation: 'rewrite' as const, clock, containers: [{ ...web }], beside };
    await using kepler = await startKeplerDouble({ ...setting, withoutKubernetes: true });
    await using recording = record(kepler.url, clock);

    await recording.cycles(2);

    const samples = recording.ticks.flatMap((tick) => tick.samples);
    expect(samples.map(({ container, joules }) => [...Object.values(container), joules])).toEqual([
      ['', '', 'app', '127.0.0.1', 12 * 15],
      ['__idle__', '__idle__', '__idle__', '127.0.0.1', 40 * 15],
      ['__system__', '__system__', '__system__', '127.0.0.1', 3 * 15],
    ]);
    // Said once, at the first scrape.
    expect(recording.log.at('warn').map(({ fields }) => [fields.code, fields.node])).toEqual([
      ['NODE_WITHOUT_ZONE', '127.0.0.1'],
    ]);
  });

  it('does not warn of a host that a setting places', async () => {
    const clock = new FakeClock();
    const setting = { generation: 'rewrite' as const, clock, containers: [{ ...web }] };
    await using kepler = await startKeplerDouble({ ...setting, withoutKubernetes: true });
    await using recording = record(kepler.url, clock, { DEFAULT_ZONE: 'DE' });

    await recording.cycles(2);

    expect(recording.log.at('warn')).toEqual([]);
  });

  it('says once that an exporter is frozen, and records no zeros from then on', async () => {
    const clock = new FakeClock();
    const still = { ...web, watts: 0 };
    await using kepler = await startKeplerDouble({ generation: 'classic', clock, containers: [still] });
    await using recording = record(kepler.url, clock);

    await recording.cycles(13);

    expect(recording.ticks).toHaveLength(9);
    expect(recording.log.at('warn').map((line) => line.message)).toEqual([
      'no energy counter of the node has moved for ten scrapes; its samples are left out until one does',
    ]);
  });
});

function record(urls: string, clock: FakeClock, env: Record<string, string> = {}) {
  const config: PollerConfig = loadConfig('poller', pollerConfigSchema, { EXPORTER_URL: urls, ...env });
  const log = capturedLog();
  const ticks: PowerTick[] = [];
  const scrapes: (number | undefined)[] = [];
  const registry = new Registry();
  const metrics = createPowerMetrics(registry);
  let outcomes = 0;
  const recording = {
    ticks,
    scrapes,
    log,
    storeFails: false,
    /** Lets poll cycles run, each to its end, with an interval between (15 s by default). */
    async cycles(count: number) {
      for (let round = 0; round < count; round += 1) {
        if (outcomes > 0) await clock.advance(config.SCRAPE_INTERVAL_SECONDS * 1000);
        const wanted = outcomes + config.EXPORTER_URL.length;
        while (outcomes < wanted) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const { values } = await metrics.scrapes.get();
          outcomes = values.reduce((sum, { value }) => sum + value, 0);
        }
      }
    },
    closure: async () => (await metrics.closure.get()).values[0],
    malformed: async () => (await metrics.malformed.get()).values[0]?.value,
    async [Symbol.asyncDispose]() {
      await task[Symbol.asyncDispose]();
    },
  };
  const store = {
    async append(tick: PowerTick) {
      if (recording.storeFails) throw new Error('disk full');
      scrapes.push(tick.scrapedAt);
      if (tick.samples.length > 0) ticks.push(tick);
    },
    compact: async () => undefined,
    forgetBefore: async () => 0,
  };
  const task = startPowerTask({ config, store, clock, logger: log, metrics });
  return recording;
}

function container(node: string) {
  return { namespace: 'shop', pod: 'web-0', container: 'app', node };
}

function noon(seconds: number): number {
  return Date.parse('2026-01-01T12:00:00Z') + seconds * 1000;
}
