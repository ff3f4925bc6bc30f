import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createApp } from '../../extender/api/app.ts';
import { builtInProfiles } from '../../shared/calculator/service-profiles.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { gramsPerKwh, HOUR_MS, hourOf, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { PowerSample } from '../../shared/records/power.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { openForWriting } from '../../shared/store/sqlite/database.ts';
import { STORE_FILE } from '../../shared/store/sqlite/file.ts';
import { sqliteIntensityWriter } from '../../shared/store/sqlite/intensity-table.ts';
import { SqlitePowerWriter } from '../../shared/store/sqlite/power-writer.ts';
import { openPage } from '../browser/chromium.ts';
import { cacheText } from '../extender/cache/cache-file.ts';
import { openSqliteReader, openSqliteWorkloads } from '../shared/store/opened-parts.ts';
import { type Comparison, compare } from './measure.ts';

/** Full size: 6,000 containers and 90 days. BENCH_CONTAINERS and BENCH_DAYS make it smaller. */
const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 6_000);
const DAYS = Number(process.env.BENCH_DAYS ?? 90);
const ZONES = { DE: 340, FR: 50, PL: 690 };
const ROUNDS = { rounds: 10, warmUp: 2 };

/**
 * From the navigation to the first useful picture (the ranked zones of the view Now, the rows of the others) in
 * Chromium, and of Emissions until its last part, the chart over time, beside a plain page of the same server without scripts.
 */
export async function benchDashboard(): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-dashboard-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true }));
  const started = performance.now();
  await fill(folder);
  console.log(
    `${CONTAINERS} containers × ${DAYS} days, filled in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  const url = stack.use(await serve(folder)).url;
  const { page } = stack.use(await openPage());
  const open = (path: string, selector: string) => async () => {
    await page.goto(url + path, { waitUntil: 'commit' });
    await page.waitForSelector(selector);
  };
  const floor = open('/docs', 'section');
  const views = [
    ['Now', '/', '#grid tbody tr'],
    ['Time, 90 days', '/?view=time&window=90d', '.view canvas'],
    ['Emissions, 24 hours', '/?view=emissions', '#rows tbody tr'],
    ['… until its chart', '/?view=emissions', '#emissions canvas'],
    ['Scheduling', '/?view=scheduling', '#budgets .card'],
  ] as const;
  const comparisons: Comparison[] = [];
  for (const [name, path, selector] of views)
    comparisons.push(await compare(`${name} / plain page`, { ours: open(path, selector), floor }, ROUNDS));
  return comparisons;
}

async function fill(folder: string): Promise<void> {
  using database = openForWriting(join(folder, STORE_FILE));
  database.exec('PRAGMA synchronous = OFF');
  const writer = new SqlitePowerWriter(() => database);
  const end = hourOf(systemClock.now());
  const containers = Array.from({ length: CONTAINERS }, (_, at) => ({
    namespace: `team-${at % 40}`,
    pod: `pod-${at}`,
    container: 'app',
    node: `node-${at % 100}`,
  }));
  for (let start = end - DAYS * 24 * HOUR_MS; start < end; start += HOUR_MS) {
    // A minute of each hour: as many rows of the rollup as with all of them, in a sixtieth of the time.
    const samples = containers.map(
      (container, at): PowerSample => ({
        container,
        start,
        end: start + 60_000,
        joules: joules(60 + ((at * 7919) % 600)),
      }),
    );
    await writer.append({ target: 'bench', samples });
    await writer.compact(start + 2 * HOUR_MS);
  }
  const hours = Array.from({ length: DAYS * 24 }, (_, back) => end - back * HOUR_MS);
  for (const [code, value] of Object.entries(ZONES))
    await sqliteIntensityWriter(() => database).record(
      hours.map((hour, at) => ({
        zone: zone(code),
        hour,
        carbonIntensity: gramsPerKwh(value + (at % 24)),
        provider: 'bench',
        signal: 'average' as const,
        quality: 'measured' as const,
      })),
    );
}

async function serve(folder: string) {
  await using stack = new AsyncDisposableStack();
  const now = systemClock.now();
  const read = decodeCarbonCache(cacheText(ZONES, { at: now, ttlMinutes: 1_000 }));
  if ('kind' in read) throw new Error(read.reason);
  const app = createApp({
    store: stack.use(openSqliteReader(folder)),
    workloads: stack.use(openSqliteWorkloads(folder)),
    profiles: builtInProfiles(),
    clock: systemClock,
    logger: createLogger('bench', 'silent'),
    metrics: createApiMetrics(),
    mode: 'local',
    token: undefined,
    cache: () => ({ kind: 'fresh', snapshot: read, ageMs: systemClock.now() - now }),
    zoneOfNode: (node) => zone(Object.keys(ZONES)[Number(node.slice(5)) % 3] ?? 'DE'),
  });
  const server = stack.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  stack.defer(() => server.server.closeAllConnections());
  const running = stack.move();
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
