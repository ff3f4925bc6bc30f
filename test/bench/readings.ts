import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../servers/available.ts';
import { type RedisServer, redisClient, startRedis } from '../servers/redis.ts';
import { startProcess } from '../started-process.ts';
import { post } from './readings/load.ts';

const STREAM = 'energy_readings';
const GROUP = 'processing_group';
const SINGLES = 20_000;
const BATCHES = 300;
const BATCH = 500;
const CONNECTIONS = 32;
const STALLED_LENGTH = 50_000;

/** Accepted and processed readings per second beside redis-benchmark's XADD, and memory while nobody consumes. */
export async function benchReadings(): Promise<void> {
  if (findProgram('redis-benchmark') === undefined) return console.log('left out: redis-benchmark is missing');
  const folder = mkdtempSync(join(tmpdir(), 'bench-readings-'));
  try {
    await using redis = await startRedis({ appendfsync: 'everysec' });
    const one = await xaddPerSecond(redis, 1);
    const many = await xaddPerSecond(redis, 16);
    console.log(
      `redis-benchmark XADD, ${CONNECTIONS} connections: ${round(one)}/s one by one, ${round(many)}/s 16 at a time`,
    );
    await acceptance('Redis', { REDIS_URL: redis.url, DATA_DIR: folder }, one, many);
    await acceptance('embedded store', { DATA_DIR: join(folder, 'embedded') }, one, many);
    for (const workers of [1, 2]) await processing(redis, folder, workers, many);
    await stalled(redis, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function acceptance(name: string, env: Record<string, string>, one: number, many: number): Promise<void> {
  await using api = await startApi(env);
  await post(api.url, { requests: 2_000, size: 1, connections: CONNECTIONS });
  const single = await post(api.url, { requests: SINGLES, size: 1, connections: CONNECTIONS });
  const batched = await post(api.url, { requests: BATCHES, size: BATCH, connections: 4 });
  const singles = single.accepted / single.seconds;
  const inBatches = batched.accepted / batched.seconds;
  console.log(
    `accepted over HTTP (${name}): ${round(singles)}/s single = ${(singles / one).toFixed(2)} × XADD; ` +
      `${round(inBatches)}/s in batches of ${BATCH} = ${(inBatches / many).toFixed(2)} × XADD 16 at a time`,
  );
}

/** Works off a backlog that is there before the workers, and says how fast from the first reading to the last. */
async function processing(redis: RedisServer, folder: string, workers: number, many: number): Promise<void> {
  await using observer = await redisClient(redis.url);
  {
    await using api = await startApi({ REDIS_URL: redis.url, DATA_DIR: folder });
    await post(api.url, { requests: BATCHES, size: BATCH, connections: 4 });
  }
  const start = await observer.client.xLen(STREAM);
  // Processed entries may stay for a while (REDIS_STREAM_KEEP): what is left is what the group has not been given or not confirmed.
  const unprocessed = async () => {
    const [group] = await observer.client.xInfoGroups(STREAM).catch(() => []);
    return group === undefined ? start : Number(group.lag ?? start) + Number(group.pending);
  };
  await using stack = new AsyncDisposableStack();
  for (let number = 0; number < workers; number++)
    stack.use(startProcess('poller', workerEnv(redis.url, folder, `worker-${number}`)));
  let began: { at: number; length: number } | undefined;
  for (let left = start; left > 0; left = await unprocessed()) {
    if (began === undefined && left < start) began = { at: performance.now(), length: left };
    await wait(10);
  }
  const seconds = (performance.now() - (began?.at ?? 0)) / 1000;
  const rate = (began?.length ?? 0) / seconds;
  console.log(
    `processed by ${workers} worker${workers > 1 ? 's' : ''} (SQLite): ${round(rate)}/s, ${round(rate / workers)}/s each = ` +
      `${(rate / workers / many).toFixed(2)} × XADD 16 at a time`,
  );
  await observer.client.del(STREAM);
}

/** Sends far more than the stream may hold while nobody consumes: memory of API and Redis after the first and last third. */
async function stalled(redis: RedisServer, folder: string): Promise<void> {
  await using observer = await redisClient(redis.url);
  await observer.client.xGroupCreate(STREAM, GROUP, '0', { MKSTREAM: true });
  await using api = await startApi({
    REDIS_URL: redis.url,
    DATA_DIR: folder,
    REDIS_STREAM_MAX_LENGTH: String(STALLED_LENGTH),
  });
  const figures: string[] = [];
  let refused = 0;
  for (const part of ['after 5 s', 'after 10 s', 'after 15 s']) {
    const sent = await post(api.url, { requests: Infinity, size: 100, connections: 8, forMs: 5_000 });
    refused += sent.refused;
    const used = Number(/^used_memory:(\d+)/m.exec(await observer.client.info('memory'))?.[1]);
    figures.push(`${part} API ${megabytes(residentBytes(api.pid))}, Redis ${megabytes(used)}`);
  }
  const length = await observer.client.xLen(STREAM);
  console.log(`stalled consumer, bound ${STALLED_LENGTH}: stream ${length}, ${refused} refused; ${figures.join('; ')}`);
}

async function startApi(env: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'readings/api-process.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url: `${line}/readings`,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function workerEnv(url: string, folder: string, name: string): Record<string, string> {
  const quiet = { POLLER_PORT: '0', POLLER_HOST: '127.0.0.1', LOG_LEVEL: 'error' };
  return { ...quiet, POLLER_TASKS: 'readings', DATA_DIR: folder, REDIS_URL: url, CONSUMER_NAME: name };
}

async function xaddPerSecond(redis: RedisServer, pipelined: number): Promise<number> {
  const fields = ['site_id', 'site-1', 'device_id', 'meter-1', 'power_reading', '100.5'];
  const load = ['-c', String(CONNECTIONS), '-n', '200000', '-P', String(pipelined), '-q'];
  const command = ['XADD', 'bench', '*', ...fields, 'timestamp', '2026-01-01T12:00:00.000Z'];
  const { stdout } = await promisify(execFile)('redis-benchmark', ['-p', String(redis.port), ...load, ...command]);
  return Number(/([\d.]+) requests per second/.exec(stdout.split('\r').at(-1) ?? '')?.[1]);
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

function round(rate: number): string {
  return Math.round(rate).toLocaleString('en');
}
