// Flow: the poller on a database that is away and comes back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { PowerSample } from '../../shared/records/power.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { startKeplerDouble } from '../doubles/kepler.ts';
import { describeDatabase } from '../servers/databases.ts';
import { openTimescaleReader } from '../shared/store/opened-parts.ts';
import { eventually, startProcess } from '../started-process.ts';

const root = mkdtempSync(join(tmpdir(), 'poller-db-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

const RECORDS = 'this process records';
const WATTS = 10;

function startPoller(dsn: string, exporter: string) {
  const folder = join(root, String(++folders));
  return startProcess('poller', {
    ...{ MODE: 'db', TSDB_DSN: dsn, DATA_DIR: folder, CACHE_FILE: join(folder, 'cache.json') },
    ...{ POLLER_TASKS: 'power,retention', POLLER_PORT: '0', POLLER_HOST: '127.0.0.1' },
    ...{ EXPORTER_URL: exporter, SCRAPE_INTERVAL_SECONDS: '0.4' },
  });
}

const exporter = () =>
  startKeplerDouble({
    generation: 'classic',
    clock: systemClock,
    node: 'n1',
    containers: [{ namespace: 'shop', pod: 'web-0', container: 'app', watts: WATTS }],
  });

async function samplesIn(dsn: string): Promise<PowerSample[]> {
  await using reader = openTimescaleReader(dsn);
  const found: PowerSample[] = [];
  for await (const samples of reader.samples({}, { from: 0, to: Date.now() + 60_000 })) found.push(...samples);
  return found;
}

/** By how much the exporter's answer and the poller's clock may lie apart on a very busy machine. */
const SLACK_S = 1;

/** Fails when two samples overlap, or when one holds other energy than the exporter gave in its time. */
function expectCountedOnce(samples: readonly PowerSample[]): void {
  for (const [index, { start, end, joules }] of samples.entries()) {
    if (index > 0) expect(start).toBeGreaterThanOrEqual(samples[index - 1]?.end ?? 0);
    expect(joules).toBeLessThan(WATTS * ((end - start) / 1000 + SLACK_S));
  }
  const seconds = samples.reduce((sum, { start, end }) => sum + (end - start) / 1000, 0);
  const energy = samples.reduce((sum, { joules }) => sum + joules, 0);
  expect(energy).toBeGreaterThan(WATTS * (seconds - SLACK_S));
  expect(energy).toBeLessThan(WATTS * (seconds + SLACK_S));
}

describeDatabase('a poller with a database', (server) => {
  it('lets a second poller take over when it is killed, with nothing counted twice', { timeout: 90_000 }, async () => {
    const dsn = await server().database();
    await using kepler = await exporter();
    await using first = startPoller(dsn, kepler.url);
    await first.logged(RECORDS);
    await using second = startPoller(dsn, kepler.url);
    await second.logged('another process records; this one is on standby');
    const before = await eventually(
      () => samplesIn(dsn),
      (samples) => samples.length > 5,
    );

    first.child.kill('SIGKILL');
    const killed = Date.now();
    await second.logged(RECORDS);
    const gone = Date.now() - killed;
    const after = await eventually(
      () => samplesIn(dsn),
      (samples) => (samples.at(-1)?.start ?? 0) > killed + gone,
    );

    expect(before.length).toBeLessThan(after.length);
    expect(gone).toBeLessThan(60_000);
    expectCountedOnce(after);
  });

  it('starts without the database, records meanwhile, and delivers when it comes', { timeout: 90_000 }, async () => {
    const dsn = await server().database();
    await server().stop();
    await using kepler = await exporter();
    await using poller = startPoller(dsn, kepler.url);
    await poller.logged('the store cannot be reached; writes are kept on disk');
    const away = Date.now();
    const before = kepler.scrapes;
    await eventually(
      async () => kepler.scrapes,
      (scrapes) => scrapes > before + 6,
    );
    const back = Date.now();

    await server().start();
    await poller.logged('the store is back; everything kept on disk is delivered');

    const samples = await eventually(
      () => samplesIn(dsn),
      (found) => (found.at(-1)?.end ?? 0) > back,
    );
    expect(samples.filter(({ end }) => end > away && end < back).length).toBeGreaterThan(3);
    expectCountedOnce(samples);
    expect(JSON.stringify(poller.log)).not.toContain(server().password);
  });
});
