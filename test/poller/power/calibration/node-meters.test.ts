import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeMeters } from '../../../../poller/power/calibration/node-meters.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { joules, watts } from '../../../../shared/grid/units.ts';
import { CalibrationRecord } from '../../../../shared/power-model/calibration.ts';
import { type Container, UNMETERED } from '../../../../shared/records/power.ts';
import { capturedLog } from '../../../captured-log.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { sqliteRecording } from '../../../shared/store/opened-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'meters-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
const web: Container = { namespace: 'shop', pod: 'web-0', container: 'app', node: 'n1' };
const modelled: Container = {
  ...web,
  powerQuality: 'modelled',
  powerModel: { name: 'aws:m5.xlarge', low: 0.7, high: 1.3 },
};

describe('a meter on the outlet of a node', () => {
  it('shows what it counted beyond everything that was recorded, minute by minute', async () => {
    await using test = await start();
    await test.draws(web, 30, 0, 10);
    await test.reads('pdu-1', 50, 0, 10);

    await test.compare(10);

    // The last two minutes may still be incomplete.
    const rest = await test.unmetered();
    expect(rest.map(({ start, joules: energy }) => [(start - NOON) / MINUTE, energy])).toEqual(
      Array.from({ length: 8 }, (_, minute) => [minute, 20 * 60]),
    );
    expect(rest[0]?.container).toEqual({ namespace: UNMETERED, pod: UNMETERED, container: UNMETERED, node: 'n1' });
  });

  it('adds up all devices of a site, or takes the one that is named', async () => {
    await using both = await start('rack-1');
    await using second = await start('rack-1/pdu-2');
    for (const test of [both, second]) {
      await test.draws(web, 30, 0, 5);
      await test.reads('pdu-1', 25, 0, 5);
      await test.reads('pdu-2', 40, 0, 5);
      await test.compare(5);
    }

    expect((await both.unmetered())[0]?.joules).toBe(35 * 60);
    expect((await second.unmetered())[0]?.joules).toBe(10 * 60);
  });

  it('shows nothing for minutes in which the meter or the node is not known', async () => {
    await using test = await start();
    await test.draws(web, 30, 0, 3);
    await test.reads('pdu-1', 50, 0, 2);
    await test.draws(web, 30, 20, 23);
    await test.reads('pdu-1', 50, 12, 14);

    await test.compare(25);

    expect((await test.unmetered()).map(({ start }) => (start - NOON) / MINUTE)).toEqual([0, 1]);
  });

  it('makes up later for what was recorded beyond it, and warns when that lasts for an hour', async () => {
    await using test = await start();
    await test.draws(web, 60, 0, 63);
    await test.reads('pdu-1', 50, 0, 63);
    for (let minute = 3; minute <= 63; minute += 10) await test.compare(minute);
    await test.compare(63);

    expect((await test.unmetered()).every(({ joules: energy }) => energy === 0)).toBe(true);
    const warnings = test.log.at('warn').map(({ fields }) => fields);
    expect(warnings).toEqual([expect.objectContaining({ code: 'NODE_ABOVE_METER', node: 'n1', ratio: 1.2 })]);
  });

  it('corrects the model of the node and of its type', async () => {
    await using test = await start();
    await test.draws(modelled, 40, 0, 45);
    await test.reads('pdu-1', 50, 0, 45);
    for (const minute of [20, 45]) await test.compare(minute);

    expect(test.calibration.of({ node: 'n9', model: 'aws:m5.xlarge' }, NOON)).toMatchObject({
      factor: 1.25,
      source: 'meter',
    });
  });

  it('compares later what could not be read, and says so once', async () => {
    await using test = await start();
    await test.draws(web, 30, 0, 10);
    await test.reads('pdu-1', 50, 0, 10);
    test.away = true;
    await test.compare(6);
    await test.compare(7);
    test.away = false;

    await test.compare(10);

    expect(await test.unmetered()).toHaveLength(8);
    expect(test.log.at('warn').map(({ fields }) => fields.code)).toEqual(['METERS_NOT_COMPARED']);
  });
});

async function start(meter = 'rack-1') {
  const store = sqliteRecording(join(root, String(++folders)));
  const clock = new FakeClock(NOON);
  const log = capturedLog();
  const calibration = new CalibrationRecord();
  const [siteId = '', deviceId] = meter.split('/');
  let delivered = 0;
  const test = {
    log,
    calibration,
    away: false,
    /** Constant power of a container from one minute to another. */
    async draws(container: Container, power: number, from: number, to: number) {
      for (let at = from; at < to; at += 1) {
        const sample = {
          container,
          start: NOON + at * MINUTE,
          end: NOON + (at + 1) * MINUTE,
          joules: joules(power * 60),
        };
        await store.history.append({ target: 'kepler', samples: [sample] });
      }
    },
    /** Readings of a device every half minute, from one minute to another. */
    async reads(device: string, power: number, from: number, to: number) {
      delivered += 1;
      const readings = Array.from({ length: (to - from) * 2 + 1 }, (_, at) => ({
        siteId: 'rack-1',
        deviceId: device,
        watts: watts(power),
        timestamp: NOON + from * MINUTE + at * 30_000,
        streamId: `${NOON + delivered}-${at}`,
      }));
      await store.meters.appendReadings(readings);
    },
    async compare(minute: number) {
      await clock.advance(NOON + minute * MINUTE - clock.now());
      await meters.compare(new AbortController().signal);
    },
    async unmetered() {
      const found = [];
      const range = { from: NOON, to: NOON + 120 * MINUTE };
      for await (const batch of store.history.samples({ namespace: UNMETERED }, range)) found.push(...batch);
      return found;
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  const meters = new NodeMeters({
    meterOf: new Map([['n1', { siteId, deviceId }]]),
    meters: {
      readings: (...query) => (test.away ? Promise.reject(new Error('away')) : store.meters.readings(...query)),
    },
    store: store.history,
    calibration,
    clock,
    logger: log,
    metrics: createPowerMetrics(new Registry()),
  });
  return test;
}
