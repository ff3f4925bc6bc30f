import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../poller/config.ts';
import { pollOnceAndExit } from '../../poller/once.ts';
import { zone } from '../../shared/grid/zones.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { spawn } from '../children.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { startSlack } from '../doubles/slack.ts';
import { FakeClock } from '../fake-clock.ts';
import { openSqliteReader } from '../shared/store/opened-parts.ts';

let folder: string;
let double: ElectricityMapsDouble;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'once-'));
  double = await startElectricityMaps({ FR: 42, DE: 300 });
});

afterEach(async () => {
  await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const settings = (more: Record<string, string> = {}) => ({
  ZONES: 'FR,DE',
  DATA_DIR: folder,
  CACHE_FILE: join(folder, 'cache.json'),
  GRID_PROVIDERS: 'electricity-maps',
  GRID_TIMEOUT_SECONDS: '0.3',
  ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
  ELECTRICITY_MAPS_URL: double.url,
  ...more,
});

/** `node poller/main.ts --once`, as a CronJob runs it. */
async function run(env: Record<string, string>) {
  const child = spawn(process.execPath, ['poller/main.ts', '--once'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const [code] = await once(child, 'exit');
  return { code, stdout, stderr };
}

/** The same in this process, with pauses that pass at once and are counted. */
async function runHere(more: Record<string, string> = {}) {
  const clock = new FakeClock(Date.now());
  const pauses: number[] = [];
  // A turn of the event loop each: whatever retries in the background must not starve the rest.
  clock.sleep = (ms) => {
    pauses.push(ms);
    return new Promise((resolve) => setImmediate(resolve));
  };
  const config = loadConfig('poller', pollerConfigSchema, settings(more));
  const code = await pollOnceAndExit(config, { clock, logger: capturedLog() });
  return { code, pauses };
}

const latest = () => double.requests.filter(({ path }) => path.includes('/latest?zone=FR')).length;

describe('node poller/main.ts --once', () => {
  it('fetches, writes the cache and the history, and exits 0', async () => {
    const { code } = await run(settings());

    await using store = openSqliteReader(folder);
    const rows = await store.intensities([zone('FR')], { from: 0, to: Date.now() });
    const cache = JSON.parse(readFileSync(join(folder, 'cache.json'), 'utf8'));
    expect(code).toBe(0);
    expect(cache).toMatchObject({
      sorted_by_carbon: ['FR', 'DE'],
      regions: { FR: { forecastSource: 'electricity-maps' } },
    });
    expect(rows.length).toBe(28 * 24 + 1);
  });

  it('exits 0 when one zone of several is known', async () => {
    double.faults.set('DE', 'error-500');

    expect((await runHere()).code).toBe(0);
  });

  it('exits 1 and names the fault when the configuration is wrong', async () => {
    const { code, stderr } = await run(settings({ ZONES: 'nowhere' }));

    expect(code).toBe(1);
    expect(stderr).toContain('ZONES');
  });

  it('exits 2 when all providers failed in three tries, five seconds apart, and leaves the cache alone', async () => {
    double.faults.set('*', 'html-502');

    const { code, pauses } = await runHere();

    expect([code, pauses, latest()]).toEqual([2, [5_000, 5_000], 3]);
    expect(existsSync(join(folder, 'cache.json'))).toBe(false);
  });

  it('exits 0 when the second try succeeds', async () => {
    const answer = double.now;
    double.now = () => {
      if (latest() > 1) double.faults.clear();
      return answer();
    };
    double.faults.set('*', 'html-502');

    expect(await runHere()).toMatchObject({ code: 0, pauses: [5_000] });
  });

  it('exits 3 when the database cannot be written, with the cache written all the same', async () => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');

    const { code } = await run(settings({ DATA_DIR: file }));

    expect(code).toBe(3);
    expect(JSON.parse(readFileSync(join(folder, 'cache.json'), 'utf8')).best_region).toBe('FR');
  });

  it('exits 3 when PostgreSQL cannot be reached, and 1 when its address is missing', async () => {
    const away = await run(settings({ MODE: 'db', TSDB_DSN: 'postgres://me:db-pass-4711@127.0.0.1:1/nowhere' }));
    const missing = await run(settings({ MODE: 'db' }));

    expect([away.code, missing.code]).toEqual([3, 1]);
    expect(missing.stderr).toContain('TSDB_DSN');
    expect(away.stdout + away.stderr).toMatch(/could not write the intensity history/);
    expect(away.stdout + away.stderr).not.toContain('db-pass-4711');
  });

  it('tells Slack about an incident once, however often it runs, and about its end', async () => {
    await using slack = await startSlack();
    const alerting = settings({ SLACK_WEBHOOK_URL: slack.url, ALERT_INTENSITY: '250' });
    const codes = [await run(alerting), await run(alerting)].map(({ code }) => code);
    double.values.set('DE', 100);

    codes.push((await run(alerting)).code);

    expect(codes).toEqual([0, 0, 0]);
    expect(slack.accepted).toEqual([
      'Carbon intensity of DE is 300 gCO2eq/kWh, above 250 (electricity-maps, estimated).',
      expect.stringContaining('Recovered: carbon intensity of DE is 100 gCO2eq/kWh'),
    ]);
  });

  it('tells Slack when all three tries failed, and still exits 2', async () => {
    await using slack = await startSlack();
    double.faults.set('*', 'html-502');

    const failed = await runHere({ SLACK_WEBHOOK_URL: slack.url });
    double.faults.clear();
    const worked = await runHere({ SLACK_WEBHOOK_URL: slack.url });

    expect([failed.code, worked.code]).toEqual([2, 0]);
    expect(slack.accepted).toEqual([
      expect.stringContaining('No grid provider has returned a value for 3 poll cycles in a row'),
      expect.stringContaining('Recovered: grid providers return values again'),
    ]);
  });

  it('keeps its exit code when Slack is away and the state of alerts cannot be kept', async () => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    const away = { SLACK_WEBHOOK_URL: 'http://127.0.0.1:1/services/x', ALERT_INTENSITY: '250' };

    const { code } = await runHere({ ...away, DATA_DIR: file });

    expect(code).toBe(3);
  });
});
