// Flow: a grid service and Kepler through poller and extender to scores and grams.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from './doubles/electricity-maps.ts';
import { type KeplerDouble, type SimulatedContainer, startKeplerDouble } from './doubles/kepler.ts';
import { FakeClock } from './fake-clock.ts';
import { eventually, startProcess } from './started-process.ts';

let folder: string;
let grid: ElectricityMapsDouble;
let kepler: KeplerDouble;
let keplerClock: FakeClock;
const shop: SimulatedContainer = { namespace: 'shop', pod: 'checkout-0', container: 'app', watts: 36 };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'end-to-end-'));
  grid = await startElectricityMaps({ FR: 42, DE: 300 });
  keplerClock = new FakeClock();
  kepler = await startKeplerDouble({ generation: 'rewrite', clock: keplerClock, node: 'node-b', containers: [shop] });
});

afterEach(async () => {
  await kepler[Symbol.asyncDispose]();
  await grid[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const settings = () => ({ CACHE_FILE: join(folder, 'carbon_cache.json'), DATA_DIR: folder, LOG_LEVEL: 'info' });

const startPoller = () =>
  startProcess('poller', {
    ...settings(),
    POLLER_PORT: '0',
    ZONES: 'FR,DE',
    GRID_PROVIDERS: 'electricity-maps',
    ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
    ELECTRICITY_MAPS_URL: grid.url,
    EXPORTER_URL: kepler.url,
    SCRAPE_INTERVAL_SECONDS: '0.2',
    // The exporter's clock leaps: on a busy machine two scrapes may be close, and 360 J between them look like too much.
    MAX_CONTAINER_WATTS: '100000',
    MAX_NODE_WATTS: '100000',
  });

const startExtender = () =>
  startProcess('extender', { ...settings(), EXTENDER_PORT: '0', API_PORT: '0', ZONE_MAP: 'node-a=FR,node-b=DE' });

async function json(url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    }),
  });
  return answer.json();
}

type Emitted = readonly {
  readonly joules: number;
  readonly co2_emissions_by_country: Record<string, { readonly grams: number; readonly quality: string }>;
}[];

describe('poller and extender as processes', () => {
  it('place a pod by carbon and tell what a container emitted', { timeout: 60_000 }, async () => {
    await using poller = startPoller();
    await poller.logged('cache file written');
    await using extender = startExtender();
    const { port, apiPort } = await extender.logged('extender started');

    const scores = await json(`http://127.0.0.1:${port}/prioritize`, {
      Pod: { metadata: { name: 'batch', namespace: 'shop' } },
      Nodes: null,
      NodeNames: ['node-b', 'node-a'],
    });

    // FR at 42 g/kWh is the cleanest: 10. DE at 300 g/kWh: 10 × 42 / 300 = 1.4, rounded 1.
    expect(scores).toEqual([
      { Host: 'node-b', Score: 1 },
      { Host: 'node-a', Score: 10 },
    ]);

    // The exporter's own clock moves once, by 10 s: 36 W × 10 s = 360 J, however the scrapes fall.
    const first = kepler.scrapes;
    await eventually(
      async () => kepler.scrapes,
      (scrapes) => scrapes > first + 1,
    );
    await keplerClock.advance(10_000);
    const ask = () =>
      json(`http://127.0.0.1:${apiPort}/api/co2-per-container`, {
        namespace: 'shop',
        pod: 'checkout-0',
        container: 'app',
        countries: ['DE', 'FR'],
        n: 1_000,
      }) as Promise<Emitted>;
    const total = (answer: Emitted) => answer.reduce((sum, { joules }) => sum + joules, 0);
    const answer = await eventually(ask, (told) => total(told) > 0);

    // 360 J / 3 600 000 J per kWh = 0.0001 kWh: × 300 g/kWh = 0.03 g in DE, × 42 g/kWh = 0.0042 g in FR.
    const gramsIn = (country: string) =>
      answer.reduce((sum, { co2_emissions_by_country: by }) => sum + (by[country]?.grams ?? 0), 0);
    expect(total(answer)).toBeCloseTo(360, 6);
    expect(gramsIn('DE')).toBeCloseTo(0.03, 9);
    expect(gramsIn('FR')).toBeCloseTo(0.0042, 9);
    expect(answer[0]?.co2_emissions_by_country.DE?.quality).toBe('estimated');
  });

  it('keep the history over a restart and stop within five seconds', { timeout: 60_000 }, async () => {
    {
      await using poller = startPoller();
      await poller.logged('cache file written');
      await eventually(
        async () => kepler.scrapes,
        (scrapes) => scrapes > 2,
      );
      await keplerClock.advance(10_000);
      const seen = kepler.scrapes;
      await eventually(
        async () => kepler.scrapes,
        (scrapes) => scrapes > seen + 2,
      );
      const asked = performance.now();
      await poller[Symbol.asyncDispose]();
      expect(poller.child.exitCode).toBe(0);
      expect(performance.now() - asked).toBeLessThan(5_000);
    }
    await using poller = startPoller();
    await poller.logged('poller started');
    await using extender = startExtender();
    const { apiPort } = await extender.logged('extender started');

    const containers = (await json(`http://127.0.0.1:${apiPort}/api/containers`)) as { pod: string }[];

    expect(containers.map(({ pod }) => pod)).toEqual(['checkout-0']);
  });
});
