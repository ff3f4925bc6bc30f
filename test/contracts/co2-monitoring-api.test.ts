// Flow: the commands of a Flask CO2 monitoring API's document, run with curl as they are, and a client of that document.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isoTime } from '../../shared/grid/units.ts';
import { temporaryFolder } from '../cli/run.ts';
import { NOON, start } from '../extender/api/start-api.ts';
import { startProcess } from '../started-process.ts';
import { shellJson } from './shell.ts';

const POWER_ALL = `curl -s -X POST -H "Content-Type: application/json" -d '{}' \\
    http://localhost:5001/api/power-consumption`;
const POWER_ONE = `curl -s -X POST -H "Content-Type: application/json" -d '{
        "pod": "busybox-test-84656d96bf-5bs7p",
        "container": "busybox",
        "namespace": "default",
        "n": 1
    }' http://localhost:5001/api/power-consumption`;
const CO2_RANGE = `curl -s -X POST -H "Content-Type: application/json" -d '{
        "pod": "busybox-test-84656d96bf-5bs7p",
        "container": "busybox",
        "namespace": "default",
        "countries": ["DE", "FR"],
        "start_time": "2023-10-27T10:00:00Z",
        "end_time": "2023-10-27T10:01:00Z"
    }' http://localhost:5001/api/co2-per-container`;
const CO2_NEWEST = `curl -s -X POST -H "Content-Type: application/json" -d '{
        "pod": "busybox-test-84656d96bf-5bs7p",
        "container": "busybox",
        "namespace": "default",
        "countries": ["DE"],
        "n": 5
    }' http://localhost:5001/api/co2-per-container`;
const get = (path: string) => `curl -s http://localhost:5001${path}`;

const busybox = { namespace: 'default', pod: 'busybox-test-84656d96bf-5bs7p', container: 'busybox', node: 'n1' };

/** A server with an hour of the document's container, of its minute in 2023, and intensities of two countries. */
async function monitoring(minutes: readonly number[] = [-60, -59, -2, -1]) {
  const api = await start();
  for (const minute of minutes)
    for (let part = 0; part < 12; part += 1) {
      const begin = NOON + minute * 60_000 + part * 5_000;
      await api.store.append({
        target: 't',
        samples: [{ container: busybox, start: begin, end: begin + 5_000, joules: (36 * 5) as never }],
      });
    }
  await api.intensity('DE', -1, 300);
  await api.intensity('DE', 0, 310);
  await api.intensity('US-CAL-CISO', 0, 200);
  await api.intensity('US-TEX-ERCO', 0, 400);
  return { ...api, at: { 'http://localhost:5001': api.url } };
}

describe('a client of the CO2 monitoring API', () => {
  it('gets an array of containers, each with an array of blocks', async () => {
    await using api = await monitoring();

    const all = await shellJson(POWER_ALL, api.at);
    const one = await shellJson(POWER_ONE, api.at);

    expect(all[0]).toMatchObject({ pod: busybox.pod, container: 'busybox', namespace: 'default' });
    expect(all[0].blocks).toHaveLength(4);
    expect(one[0].blocks).toHaveLength(1);
    expect(one[0].blocks[0].measurements).toHaveLength(12);
  });

  it('gets the newest five blocks where the request has no n', async () => {
    await using api = await monitoring([-7, -6, -5, -4, -3, -2, -1]);

    const [container] = await shellJson(POWER_ALL, api.at);

    const starts = container.blocks.map(({ block_start }: { block_start: string }) => block_start);
    expect(starts).toEqual([-5, -4, -3, -2, -1].map((minute) => isoTime(NOON + minute * 60_000)));
  });

  it('gets an array of measurements of a range, and of the newest five, the newest last', async () => {
    await using api = await monitoring();

    const range = await shellJson(CO2_RANGE, api.at);
    const newest = await shellJson(CO2_NEWEST, api.at);
    const alias = await shellJson(CO2_NEWEST.replace('co2-per-container', 'co2-range'), api.at);

    expect(range).toEqual([]);
    expect(newest).toHaveLength(5);
    expect(newest.at(-1).timestamp).toBe(isoTime(NOON));
    // 36 W for 5 s are 180 J, 0.00005 kWh: 0.015 g at 300 g/kWh.
    expect(newest.at(-1)).toMatchObject({ joules_per_second: 36 });
    expect(newest.at(-1).co2_emissions_by_country.DE.grams).toBeCloseTo(0.015, 12);
    expect(alias).toEqual(newest);
  });

  it('may send null for what is optional, and times without a zone', async () => {
    await using api = await monitoring();
    const names = { pod: busybox.pod, container: 'busybox', namespace: 'default' };

    const newest = await api.post('/api/co2-per-container', {
      ...{ ...names, countries: ['UK'], n: 1 },
      ...{ start_time: null, end_time: null },
    });
    const range = await api.post('/api/co2-range', {
      ...{ ...names, countries: ['DE'] },
      ...{ start_time: '2026-01-01T11:58:00', end_time: '2026-01-01T11:59:00.000001' },
    });

    expect([newest.status, newest.body.length, range.status, range.body.length]).toEqual([200, 1, 200, 12]);
    expect(Object.keys(newest.body[0].co2_emissions_by_country)).toEqual(['UK']);
  });

  it('gets arrays of containers, of the whole time series, and of the latest intensity of each country', async () => {
    await using api = await monitoring();

    const containers = await shellJson(get('/api/containers'), api.at);
    const series = await shellJson(get('/api/export-time-series'), api.at);
    const intensities = await shellJson(get('/api/co2-intensities'), api.at);

    expect(containers).toMatchObject([{ pod: busybox.pod, container: 'busybox', namespace: 'default' }]);
    expect(series).toHaveLength(48);
    expect(Object.keys(series[0])).toEqual(
      expect.arrayContaining([
        ...['pod', 'container', 'namespace', 'timestamp', 'joules_per_second', 'block_start', 'block_end'],
      ]),
    );
    expect(intensities).toMatchObject([
      { country: 'DE', hour: isoTime(NOON), value: 310 },
      { country: 'US', hour: isoTime(NOON), value: 300, zones: ['US-CAL-CISO', 'US-TEX-ERCO'] },
    ]);
  });

  it('gets health and status with the fields of the document', async () => {
    await using api = await monitoring();

    const health = await shellJson(get('/health'), api.at);
    const status = await shellJson(get('/api/status'), api.at);

    expect(Object.keys(health)).toEqual(
      expect.arrayContaining([
        ...['status', 'monitored_containers', 'total_blocks', 'current_blocks', 'mode', 'timestamp'],
      ]),
    );
    expect(Object.keys(status)).toEqual(
      expect.arrayContaining([
        ...['status', 'last_scrape_time', 'last_measurement_time', 'has_data', 'unique_container_keys'],
        ...['pending_db_blocks', 'mode', 'timestamp'],
      ]),
    );
  });
});

describe('"Testing with Mock DB"', () => {
  it('runs with MODE=db and an empty TSDB_DSN, on the embedded store and with a warning', {
    timeout: 60_000,
  }, async () => {
    using folder = temporaryFolder();
    await using extender = startProcess('extender', {
      ...{ MODE: 'db', TSDB_DSN: '', EXTENDER_PORT: '0', API_PORT: '0', EXTENDER_HOST: '127.0.0.1' },
      ...{ DATA_DIR: folder.path, CACHE_FILE: join(folder.path, 'carbon_cache.json') },
    });
    const { apiPort } = await extender.logged('extender started');
    const at = { 'http://localhost:5001': `http://127.0.0.1:${apiPort}` };

    const containers = await shellJson(get('/api/containers'), at);
    const { mode } = await shellJson(get('/health'), at);

    expect([containers, mode]).toEqual([[], 'local']);
    expect(extender.log).toContainEqual(expect.objectContaining({ code: 'STORE_EMBEDDED' }));
  });
});
