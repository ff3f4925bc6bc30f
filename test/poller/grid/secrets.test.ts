// Flow: secrets of the grid task in logs, metrics, files and errors.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { createAlerts } from '../../../poller/grid/alerts.ts';
import { preparePollCycle } from '../../../poller/grid/task.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { spawn } from '../../children.ts';
import { startCarbonAwareSdk } from '../../doubles/carbon-aware-sdk.ts';
import { EIA_KEY, startEia } from '../../doubles/eia.ts';
import { GOOD_KEY, startElectricityMaps } from '../../doubles/electricity-maps.ts';
import { FAULTS, type GridService } from '../../doubles/grid-service.ts';
import { startJsonSource } from '../../doubles/json-source.ts';
import { SLACK_SECRET, type SlackDouble, startSlack } from '../../doubles/slack.ts';
import { PASSWORD, startWattTime, USERNAME } from '../../doubles/watttime.ts';
import { FakeClock } from '../../fake-clock.ts';

const WRONG = ['wrong-em-key-123', 'wrong-wt-pass-456', 'wrong-eia-key-789'] as const;
const JSON_TOKEN = 'json-source-token';
const SECRETS = [
  GOOD_KEY,
  EIA_KEY,
  PASSWORD,
  JSON_TOKEN,
  ...WRONG,
  'c0ffee',
  'wEbHoOkSeCrEt',
  SLACK_SECRET,
  Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64'),
  Buffer.from(`${USERNAME}:${WRONG[1]}`).toString('base64'),
];

/** A store that refuses: its complaint is logged as well. */
const store = { record: () => Promise.reject(new Error('no room')) };

let folder: string;
let services: Record<'em' | 'wt' | 'eia' | 'sdk' | 'own', GridService>;
let slack: SlackDouble;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  slack = await startSlack();
  services = {
    em: await startElectricityMaps({ FR: 640 }),
    wt: await startWattTime({ CAISO_NORTH: 640 }),
    eia: await startEia({ ERCO: 640 }),
    sdk: await startCarbonAwareSdk({ swedencentral: 31 }),
    own: await startJsonSource({ PT: 120 }),
  };
});

afterEach(async () => {
  for (const double of [...Object.values(services), slack]) await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function settings(more: Record<string, string> = {}): Record<string, string> {
  return {
    LOG_LEVEL: 'trace',
    POLLER_TASKS: 'grid',
    POLLER_PORT: '0',
    POLLER_HOST: '127.0.0.1',
    POLL_INTERVAL_MINUTES: '0.003',
    CACHE_TTL_MINUTES: '0.002',
    DATA_DIR: folder,
    CACHE_FILE: join(folder, 'cache.json'),
    ZONES: 'FR,US-CAL-CISO,US-TEX-ERCO,SE,PT',
    GRID_PROVIDERS: 'json,electricity-maps,watttime,eia,carbon-aware-sdk',
    GRID_TIMEOUT_SECONDS: '0.1',
    ELECTRICITY_MAPS_URL: services.em.url,
    ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
    ELECTRICITY_MAPS_REQUESTS_PER_HOUR: '1000000',
    WATTTIME_URL: services.wt.url,
    WATTTIME_USERNAME: USERNAME,
    WATTTIME_PASSWORD: PASSWORD,
    WATTTIME_REQUESTS_PER_HOUR: '1000000',
    EIA_URL: `${services.eia.url}/v2`,
    EIA_API_KEY: EIA_KEY,
    EIA_REQUESTS_PER_HOUR: '1000000',
    CARBON_AWARE_SDK_URL: services.sdk.url,
    CARBON_AWARE_SDK_LOCATIONS: 'SE:swedencentral',
    GRID_JSON_SOURCE: `${services.own.url}/mine.json?token=${JSON_TOKEN}`,
    GRID_JSON_SOURCE_REQUESTS_PER_HOUR: '1000000',
    SLACK_WEBHOOK_URL: slack.url,
    ...more,
  };
}

/** Everything that a poller says on both outputs, and on /metrics, while something happens to it. */
async function saidWhile(
  env: Record<string, string>,
  happening: (said: () => string) => Promise<void>,
): Promise<string> {
  const poller = spawn(process.execPath, ['poller/main.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [poller.stdout, poller.stderr])
    output.on('data', (chunk) => {
      said += String(chunk);
    });
  const exited = once(poller, 'exit');
  while (!said.includes('poller started') && poller.exitCode === null) await wait(10);
  await happening(() => said);
  const port = /"port":(\d+)/.exec(said)?.[1];
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
  poller.kill('SIGTERM');
  await exited;
  return said + metrics;
}

function expectNoSecret(said: string): void {
  for (const secret of SECRETS) expect(said).not.toContain(secret);
}

describe('no secret of the grid task', () => {
  it('is logged at any level, whatever the services return', { timeout: 60_000 }, async () => {
    let said = '';
    const write = (line: string) => {
      said += line;
    };
    const logger = pino({ level: 'trace' }, { write });
    const clock = new FakeClock('2026-01-15T12:10:00Z');
    clock.sleep = async () => undefined;
    const config = loadConfig('poller', pollerConfigSchema, settings());
    const metrics = createPollerMetrics();
    const { zones, pollCycle } = await preparePollCycle({ config, store, metrics, clock, logger });
    const alerts = createAlerts({ config, zones, clock, logger, metrics: metrics.grid });
    const { signal } = new AbortController();
    for (const double of Object.values(services)) double.now = () => clock.now();

    for (const fault of FAULTS) {
      slack.answers.splice(0, 9, { status: said.length % 2 === 0 ? 403 : 500, body: `invalid ${slack.url}` });
      for (const double of Object.values(services)) double.faults.set('*', fault);
      await alerts?.observe((await pollCycle(signal)).samples, signal);
      // Long enough for every pause and every open circuit to be over.
      await clock.advance(2 * HOUR_MS);
    }

    expect(said).toContain('request to a grid provider failed');
    expect(said).toContain('not a response of Slack');
    for (const double of Object.values(services))
      expect(new Set(double.requests.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(FAULTS.length - 2);
    expectNoSecret(said + (await metrics.registry.metrics()));
  });

  it('is logged when it is wrong and the service repeats it', { timeout: 60_000 }, async () => {
    const [em, wt, eia] = WRONG;
    const wrong = { ELECTRICITY_MAPS_API_KEY: em, WATTTIME_PASSWORD: wt, EIA_API_KEY: eia };

    const env = settings({ ...wrong, GRID_PROVIDERS: 'electricity-maps,watttime,eia', GRID_TIMEOUT_SECONDS: '5' });

    const said = await saidWhile(env, async (soFar) => {
      while (!/"provider":"watttime"/.test(soFar()) || !/"provider":"eia"/.test(soFar())) await wait(20);
    });

    expect(said).toContain('The provided token *** is invalid');
    expectNoSecret(said);
  });

  it('is shown by the check of the configuration, kept in the cache file, or part of a configuration error', async () => {
    const check = (env: Record<string, string>) =>
      execFileSync(process.execPath, ['poller/main.ts', '--check-config'], { env, encoding: 'utf8' });
    let fault = '';
    try {
      check(settings({ SLACK_WEBHOOK_URL: `ftp://${SLACK_SECRET}`, ZONES: '' }));
    } catch (error) {
      fault = (error as { stderr: string }).stderr;
    }
    const file = join(folder, 'cache.json');
    await saidWhile(settings(), async () => {
      while (!existsSync(file)) await wait(20);
    });

    expect(fault).toContain('SLACK_WEBHOOK_URL');
    expectNoSecret(check(settings()) + fault + readFileSync(file, 'utf8'));
  });
});
