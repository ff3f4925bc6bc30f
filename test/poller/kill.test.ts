// Flow: a poller that is killed at any moment.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheState } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { spawn } from '../children.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';

const KILLS = 50;
const CODES = [
  'AT',
  'BE',
  'CH',
  'CZ',
  'DE',
  'DK-DK1',
  'DK-DK2',
  'ES',
  'FI',
  'FR',
  'GB',
  'GR',
  'HU',
  'IE',
  'NL',
  'PL',
  'PT',
  'RO',
  'SK',
];

let folder: string;
let double: ElectricityMapsDouble;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kill-'));
  double = await startElectricityMaps(Object.fromEntries(CODES.map((code, index) => [code, index * 10])));
});

afterEach(async () => {
  await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function startPoller(file: string): ChildProcess {
  return spawn(process.execPath, ['poller/main.ts'], {
    stdio: 'ignore',
    env: {
      POLLER_TASKS: 'grid',
      POLLER_PORT: '0',
      ZONES: CODES.join(','),
      POLL_INTERVAL_MINUTES: '0.0003',
      DATA_DIR: folder,
      CACHE_FILE: file,
      ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
      ELECTRICITY_MAPS_URL: double.url,
      ELECTRICITY_MAPS_REQUESTS_PER_HOUR: '1000000',
      GRID_PROVIDERS: 'electricity-maps',
      GRID_FORECAST: 'no',
      GRID_BACKFILL: 'no',
    },
  });
}

/** Reads the document as a consumer would, as often as the loop turns; throws when it is ever torn or goes away. */
async function readUntil(file: string, done: () => boolean): Promise<number> {
  let reads = 0;
  for (let seen = false; !done(); await wait(1)) {
    if (!existsSync(file) && !seen) continue;
    seen = true;
    const state = cacheState(decodeCarbonCache(readFileSync(file, 'utf8')), Date.now());
    if (state.kind === 'missing') throw new Error(`a reader saw a broken document: ${state.reason}`);
    expect(state.snapshot.regions.size).toBe(CODES.length);
    reads += 1;
  }
  return reads;
}

describe('a poller that is killed', () => {
  it(`never lets a reader see half a document, in ${KILLS} kills with SIGKILL`, { timeout: 600_000 }, async () => {
    const file = join(folder, 'carbon_cache.json');
    let reads = 0;

    for (let kill = 0; kill < KILLS; kill++) {
      const poller = startPoller(file);
      const exited = once(poller, 'exit');
      const seenBefore = double.requests.length;
      let over = false;
      const reading = readUntil(file, () => over);
      while (double.requests.length < seenBefore + CODES.length && poller.exitCode === null) await wait(2);
      await wait((kill / KILLS) * 60);
      poller.kill('SIGKILL');
      await exited;
      over = true;
      reads += await reading;
    }

    expect(reads).toBeGreaterThan(KILLS);
  });
});
