import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { workerRoutes } from '../../../poller/readings/worker-routes.ts';
import { startPollerServer } from '../../../poller/server.ts';
import { watts } from '../../../shared/grid/units.ts';
import type { MeterReadingsReader } from '../../../shared/records/meter-readings.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { postgresAvailable, startPostgres } from '../../servers/postgres.ts';
import { openTimescaleReadings } from '../../shared/store/opened-parts.ts';

const OLDEST = { site_id: 'mill-2', device_id: 'm-1', power_reading: 1500.5, timestamp: '2024-01-15T10:30:00.000Z' };

function startWorker(meters: MeterReadingsReader) {
  const env = { POLLER_TASKS: 'readings', REDIS_HOST: 'redis', CONSUMER_NAME: 'worker-0' };
  const config = loadConfig('poller', pollerConfigSchema, env);
  const routes = workerRoutes({ config, meters, consumer: () => ({ ready: true }), clock: systemClock });
  return startPollerServer({ host: '127.0.0.1', port: 0 }, new Registry(), () => ({ ready: true }), routes);
}

async function get(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: await response.json() };
}

describe.skipIf(!postgresAvailable())('the paths of a readings worker', () => {
  it('have all readings of a site, and an empty array for a site without any', async () => {
    await using server = await startPostgres();
    await using meters = openTimescaleReadings(await server.database());
    const reading = {
      siteId: 'mill-2',
      deviceId: 'm-1',
      watts: watts(1500.5),
      timestamp: Date.parse(OLDEST.timestamp),
    };
    await meters.appendReadings([{ ...reading, streamId: '7-0' }]);
    await using worker = await startWorker(meters);

    expect(await get(worker.port, '/sites/mill-2/readings')).toEqual({
      status: 200,
      body: [{ ...OLDEST, stream_id: '7-0' }],
    });
    expect(await get(worker.port, '/sites/mill-3/readings')).toEqual({ status: 200, body: [] });
  });

  it('respond with 503 while the store cannot be read', async () => {
    const meters = { readings: async () => Promise.reject(new Error('away')) } as unknown as MeterReadingsReader;
    await using worker = await startWorker(meters);

    expect(await get(worker.port, '/sites/mill-2/readings')).toMatchObject({
      status: 503,
      body: { detail: 'the store could not be read; try again later, and check the database' },
    });
  });

  it('have the state of the consumer', async () => {
    await using worker = await startWorker({} as MeterReadingsReader);

    expect(await get(worker.port, '/health')).toMatchObject({
      status: 200,
      body: { status: 'ok', consumer: { status: 'running', stream: 'energy_readings', consumer: 'worker-0' } },
    });
  });
});
