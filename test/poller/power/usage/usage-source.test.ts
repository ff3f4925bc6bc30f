import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { configuredNodes } from '../../../../poller/power/usage/nodes.ts';
import { UsageSource } from '../../../../poller/power/usage/usage-source.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { type KubeletMode, type RunningContainer, startKubeletDouble } from '../../../doubles/kubelet.ts';
import { FakeClock } from '../../../fake-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubelet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const web: RunningContainer = { namespace: 'shop', pod: 'web-0', container: 'app', cores: 1, memoryBytes: 2e9 };
const db: RunningContainer = { namespace: 'shop', pod: 'db-0', container: 'postgres', cores: 0.5, memoryBytes: 6e9 };

describe('energy from the usage that a kubelet reports', () => {
  it('is modelled, carries its model and bounds, and adds up to the node', async () => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }, { ...db }], nodeCores: 2 });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=aws:m5.xlarge' });

    await usage.cycles(2);

    const samples = usage.ticks.flatMap((tick) => tick.samples);
    // 2 of 4 cores busy: 28.24 W, of which 8.82 W while idle. The rest goes by CPU time; 2.41 W of memory by bytes.
    const perCore = (28.24 - 8.82) / 2;
    const joules = new Map(samples.map((sample) => [sample.container.pod, sample.joules / 15]));
    expect(joules.get('web-0')).toBeCloseTo(perCore + (2.41 * 2) / 16, 3);
    expect(joules.get('db-0')).toBeCloseTo(perCore / 2 + (2.41 * 6) / 16, 3);
    expect(joules.get('__system__')).toBeCloseTo(perCore / 2, 3);
    expect(joules.get('__idle__')).toBeCloseTo(8.82 - (2.41 * 8) / 16, 3);
    expect([...joules.values()].reduce((sum, watts) => sum + watts, 0)).toBeCloseTo(28.24, 3);
    const [first] = samples;
    expect(first?.container).toMatchObject({ node: 'n1', powerQuality: 'modelled' });
    expect(first?.container.powerModel).toMatchObject({ name: 'aws:m5.xlarge' });
    expect(first?.container.powerModel?.low).toBeLessThan(1);
    expect(first?.container.powerModel?.high).toBeGreaterThan(1);
    await usage.close();
  });

  it('counts a restarted container from its start, and one that is new from its own', async () => {
    const clock = new FakeClock();
    const restarting = { ...web };
    const containers = [restarting];
    await using kubelet = await startKubeletDouble({ clock, containers, nodeCores: 4 });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    await usage.cycles(2);

    await clock.advance(5_000);
    restarting.startedAt = clock.now();
    containers.push({ ...db, cores: 1, memoryBytes: 0, startedAt: clock.now() });
    await clock.advance(10_000);
    await usage.cycle();

    const { samples = [] } = usage.ticks.at(-1) ?? {};
    const lengths = samples.map(({ container, start, end }) => [container.pod, end - start]);
    expect(lengths).toEqual([
      ['web-0', 15_000],
      ['db-0', 10_000],
      ['__system__', 15_000],
      ['__idle__', 15_000],
    ]);
    const dynamic = (pod: string) => samples.find(({ container }) => container.pod === pod)?.joules ?? 0;
    // Ten seconds of one core each; the first holds memory as well.
    expect(dynamic('web-0') - dynamic('db-0')).toBeCloseTo(usage.memoryWatts(2e9) * 15, 2);
    await usage.close();
  });

  it('leaves what the kubelet has not measured anew for the next body', async () => {
    const clock = new FakeClock();
    const options = { clock, containers: [{ ...web }], ageMs: 0 };
    await using kubelet = await startKubeletDouble(options);
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    await usage.cycles(2);

    options.ageMs = 15_000;
    await usage.cycles(1);
    options.ageMs = 0;
    await usage.cycles(1);

    expect(usage.ticks.map((tick) => tick.samples.map(({ start, end }) => end - start)[0])).toEqual([15_000, 30_000]);
    await usage.close();
  });

  it.each<[KubeletMode, string, RegExp]>([
    ['unauthorized', 'http-status', /401.*KUBELET_BEARER_FILE/],
    ['forbidden', 'http-status', /403.*nodes\/metrics/],
    ['html', 'html', /HTML/],
    ['truncated', 'truncated', /inside a line/],
    ['half', 'truncated', /has no/],
    ['foreign', 'foreign', /not a body/],
  ])('says once why a kubelet gives none (%s), invents nothing, and loses nothing', async (mode, reason, detail) => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    await usage.cycles(1);

    kubelet.mode = mode;
    await usage.cycles(2);
    const during = usage.ticks.length;
    kubelet.mode = 'ok';
    await usage.cycles(1);

    expect(during).toBe(0);
    const errors = usage.log.at('error').map(({ fields }) => fields);
    expect(errors).toEqual([
      { code: 'KUBELET_SCRAPE_FAILED', target: 'n1', reason, detail: expect.stringMatching(detail) },
    ]);
    expect(usage.ticks.map((tick) => tick.samples.map(({ start, end }) => end - start)[0])).toEqual([45_000]);
    await usage.close();
  });

  it('counts every malformed line, says so once, and again after the body was right', async () => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    const warnings = () => usage.log.at('warn').map(({ fields }) => fields);
    const expected = { code: 'METRICS_MALFORMED', target: 'n1', lines: 1 };

    kubelet.mode = 'malformed-line';
    await usage.cycles(3);
    const during = warnings();
    kubelet.mode = 'ok';
    await usage.cycles(1);
    kubelet.mode = 'malformed-line';
    await usage.cycles(1);

    expect(during).toEqual([expected]);
    expect(warnings()).toEqual([expected, expected]);
    expect(await usage.malformed()).toBe(4);
    // The valid lines of the same bodies count as ever.
    expect(usage.ticks).toHaveLength(4);
    await usage.close();
  });

  it('uses what is right of a partial body, and counts it', async () => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    kubelet.mode = 'partial';
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });

    await usage.cycles(2);

    expect(usage.ticks).toHaveLength(1);
    expect(await usage.events('partial')).toBe(2);
    await usage.close();
  });

  it.each([
    [600_000, '600 s old'],
    [-120_000, '120 s ahead'],
  ])('refuses values that are old or in the future, and says how far: %i ms', async (ageMs, words) => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }], ageMs });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    await clock.advance(3_600_000);

    await usage.cycles(2);

    expect(usage.ticks).toEqual([]);
    expect(usage.log.at('error').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ reason: 'stale', detail: expect.stringContaining(words) }),
    ]);
    await usage.close();
  });

  it('says once that a node has no model, and what to set', async () => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}` });

    await usage.cycles(3);

    expect(usage.ticks).toEqual([]);
    expect(usage.log.at('warn').map(({ fields, message }) => [fields.code, fields.node, message])).toEqual([
      ['NODE_TYPE_UNKNOWN', 'n1', expect.stringContaining('NODE_TYPES')],
    ]);
    await usage.close();
  });

  it('leaves nodes alone that another source covers, and begins anew when it no longer does', async () => {
    const clock = new FakeClock();
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    const usage = source(clock, { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' });
    await usage.cycles(2);

    await usage.cycle(new Set(['n1']));
    await clock.advance(15_000);
    await usage.cycles(2);

    // The covered time is in no sample.
    expect(usage.ticks.map((tick) => tick.samples.map(({ start, end }) => end - start)[0])).toEqual([15_000, 15_000]);
    await usage.close();
  });

  it('sends the token of a file, and none where none is set', async () => {
    const clock = new FakeClock();
    const token = join(folder, 'token');
    writeFileSync(token, 'of-the-file\n');
    await using kubelet = await startKubeletDouble({ clock, containers: [{ ...web }] });
    const settings = { KUBELET_URLS: `n1=${kubelet.url}`, NODE_TYPES: 'n1=4x16' };

    // The account's token is never sent in the clear.
    const service = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_CREDENTIALS_DIR: folder };
    const plain = source(clock, { ...settings, ...service });
    await plain.cycles(1);
    const without = kubelet.authorization;
    const usage = source(clock, { ...settings, KUBELET_BEARER_FILE: token });
    await usage.cycles(1);

    expect([without, kubelet.authorization]).toEqual([undefined, 'Bearer of-the-file']);
    await plain.close();
    await usage.close();
  });
});

function source(clock: FakeClock, env: Record<string, string>) {
  const config = loadConfig('poller', pollerConfigSchema, env);
  const log = capturedLog();
  const metrics = createPowerMetrics(new Registry());
  const ticks: PowerTick[] = [];
  const store = {
    async append(tick: PowerTick) {
      if (tick.samples.length > 0) ticks.push(tick);
    },
  };
  const known = configuredNodes(config.KUBELET_URLS, config.NODE_TYPES);
  const nodes = async () => known;
  const usage = new UsageSource({ config, store, clock, logger: log, metrics, nodes, maxGapMs: 82_500 });
  const cycle = (covered: ReadonlySet<string> = new Set()) => usage.scrapeAll(covered, new AbortController().signal);
  let first = true;
  return {
    ticks,
    log,
    cycle,
    /** Poll cycles with 15 s between. */
    async cycles(count: number) {
      for (let index = 0; index < count; index += 1) {
        if (!first) await clock.advance(15_000);
        first = false;
        await cycle();
      }
    },
    /** Watts of memory by the generic model of 4 CPUs and 16 GB. */
    memoryWatts: (bytes: number) => (Math.min(0.38 * 16, idleWatts(4, 16)) * bytes) / 16e9,
    async events(reason: string) {
      const { values } = await metrics.counterEvents.get();
      return values.find(({ labels }) => labels.reason === reason)?.value;
    },
    malformed: async () => (await metrics.malformed.get()).values[0]?.value,
    close: () => usage[Symbol.asyncDispose](),
  };
}

/** Idle watts of the generic model: those of its threads, and of memory beyond what servers have for each. */
function idleWatts(vcpus: number, memoryGb: number): number {
  return vcpus * 0.602_678_571_428_571_4 + 0.38 * (memoryGb - vcpus * 1.7);
}
