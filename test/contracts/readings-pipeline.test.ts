// Flow: the commands of two readings pipelines' documents: API, Redis stream, worker, and what the worker serves.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pollerConfigSchema } from '../../poller/config.ts';
import { startPoller } from '../../poller/poller.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { startReadingsApi } from '../extender/readings-api-server.ts';
import { ROOT } from '../laws/sources.ts';
import { redisAvailable, startRedis } from '../servers/redis.ts';
import { shell, shellJson } from './shell.ts';

const post = (device: string) => `curl -s -X POST http://localhost:8000/readings \\
  -H "Content-Type: application/json" \\
  -d '{
    "site_id": "site-001",
    "device_id": "${device}",
    "power_reading": 1500.5,
    "timestamp": "2024-01-15T10:30:00Z"
  }'`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readings-contract-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('a client of a readings pipeline', () => {
  it.each(['device-001', 'meter-42'])('sends the reading of %s and gets it back', async (device) => {
    await using api = await startReadingsApi({ DATA_DIR: folder });
    const at = { 'http://localhost:8000': api.url, 'http://localhost:8001': api.url };

    const sent = await shellJson(post(device), at);
    const found = await shellJson('curl -s http://localhost:8001/sites/site-001/readings', at);
    const health = await shellJson('curl -s http://localhost:8000/health', at);

    expect(sent).toEqual({
      status: 'success',
      stream_id: expect.stringMatching(/^\d+-\d+$/),
      message: 'Reading successfully ingested',
    });
    expect(found).toEqual([
      {
        ...{ site_id: 'site-001', device_id: device, power_reading: 1500.5 },
        ...{ timestamp: '2024-01-15T10:30:00.000Z', stream_id: sent.stream_id },
      },
    ]);
    expect(health.status).toBe('ok');
  });
});

describe.skipIf(!redisAvailable())('a client of a readings pipeline with Redis', () => {
  it('sends to the API, and asks the worker for readings, health and metrics', { timeout: 60_000 }, async () => {
    await using redis = await startRedis();
    const settings = { DATA_DIR: folder, REDIS_URL: redis.url };
    await using poller = await startPoller(
      loadConfig('poller', pollerConfigSchema, { ...settings, POLLER_TASKS: 'readings', POLLER_PORT: '0' }),
      { logger: capturedLog() },
    );
    await using api = await startReadingsApi(settings);
    const at = { 'http://localhost:8000': api.url, 'http://localhost:8001': `http://127.0.0.1:${poller.port}` };
    const fromWorker = (path: string) => shellJson(`curl -s http://localhost:8001${path}`, at);

    const sent = await shellJson(post('meter-42'), at);
    await expect.poll(() => fromWorker('/sites/site-001/readings')).toHaveLength(1);
    const found = await fromWorker('/sites/site-001/readings');
    await expect.poll(async () => (await fromWorker('/health')).status).toBe('ok');
    const health = await fromWorker('/health');
    const nothing = await fromWorker('/sites/site%20002/readings');
    const metrics = () => shell('curl -s http://localhost:8001/metrics', at);

    expect(found).toMatchObject([{ site_id: 'site-001', power_reading: 1500.5, stream_id: sent.stream_id }]);
    expect(nothing).toEqual([]);
    expect(health.consumer).toMatchObject({
      ...{ status: 'running', stream: 'energy_readings', group: 'processing_group', consumer: hostname() },
    });
    // Read from Redis now and then.
    await expect.poll(metrics).toMatch(/^carbon_readings_stream_/m);
  });
});

describe('docker compose up', () => {
  it('publishes the API on 8000, the worker on 8001 and the page on 3000, with a Redis for both', () => {
    const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yaml'), 'utf8'), { merge: true }) as {
      services: Record<string, { ports?: string[]; environment?: Record<string, string> }>;
    };
    const published = (name: string) => services[name]?.ports?.map((port) => port.split(':').slice(1).join(':'));

    expect(published('extender')).toEqual(expect.arrayContaining(['8000:5001', '3000:5001']));
    expect(published('poller')).toEqual(['8001:8889']);
    expect(services.redis).toBeDefined();
    for (const name of ['extender', 'poller'])
      expect(services[name]?.environment).toMatchObject({ REDIS_URL: 'redis://redis:6379' });
  });
});
