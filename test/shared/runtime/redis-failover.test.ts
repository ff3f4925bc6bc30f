// Flow: a connection to Redis through failovers, sentinels, and servers that cannot be used.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { connectRedis } from '../../../shared/runtime/redis.ts';
import { redisSettings } from '../../../shared/runtime/redis-settings.ts';
import { capturedLog } from '../../captured-log.ts';
import { spawn } from '../../children.ts';
import { findProgram } from '../../servers/available.ts';
import { freePort } from '../../servers/free-port.ts';
import { type RedisServer, redisAvailable, startRedis } from '../../servers/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function connect(url: string) {
  const log = capturedLog();
  const redis = connectRedis(loadConfig('test', z.object(redisSettings), { REDIS_URL: url }), 'test', log);
  return Object.assign(redis, { log });
}

async function command(server: RedisServer, ...words: string[]): Promise<void> {
  const client = createClient({ url: server.url });
  await client.connect();
  await client.sendCommand(words);
  client.destroy();
}

const write = (redis: ReturnType<typeof connect>) => redis.run((client) => client.set('key', 'value'));
const accepted = (redis: ReturnType<typeof connect>) =>
  write(redis).then(
    () => true,
    () => false,
  );

describe.skipIf(!redisAvailable())('a connection to Redis', () => {
  it('leaves a server that was demoted, and is accepted again within 10 s of a primary being there', async () => {
    await using primary = await startRedis();
    await using other = await startRedis();
    await using redis = connect(primary.url);
    await write(redis);

    await command(primary, 'REPLICAOF', '127.0.0.1', String(other.port));
    const refused = await write(redis).catch((error: Error) => error.message);
    await expect.poll(() => redis.error()?.message).toMatch(/replica/);
    await command(primary, 'REPLICAOF', 'NO', 'ONE');
    await expect.poll(() => accepted(redis)).toBe(true);

    expect(refused).toMatch(/READONLY/);
    expect(redis.log.at('error').map(({ fields }) => fields.code)).toContain('REDIS_UNAVAILABLE');
  });

  it('is refused by name where the server is a cluster', async () => {
    await using cluster = await startRedis({ 'cluster-enabled': 'yes' });
    await using redis = connect(cluster.url);

    await expect(write(redis)).rejects.toMatchObject({ reason: 'cluster', message: expect.stringMatching(/Cluster/) });
  });

  it('warns at once where accepted readings may be evicted', async () => {
    await using server = await startRedis({ maxmemory: '8mb', 'maxmemory-policy': 'allkeys-lru' });
    await using redis = connect(server.url);
    await write(redis);

    expect(redis.log.at('warn')).toMatchObject([{ fields: { code: 'REDIS_MAY_EVICT', policy: 'allkeys-lru' } }]);
  });

  it('follows sentinels to the primary, before and after a failover', { timeout: 60_000 }, async () => {
    await using first = await startRedis();
    await using second = await startRedis({ replicaof: `127.0.0.1 ${first.port}` });
    await using sentinel = await startSentinel(first.port);
    await using redis = connect(`redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/main`);
    await write(redis);

    await first.kill();
    await command(second, 'REPLICAOF', 'NO', 'ONE');
    await sentinel.restart(second.port);
    await expect.poll(() => accepted(redis)).toBe(true);

    const client = createClient({ url: second.url });
    await client.connect();
    expect(await client.get('key')).toBe('value');
    client.destroy();
  });
});

async function startSentinel(primary: number) {
  const port = await freePort();
  const file = join(folder, `${port}.conf`);
  const begin = async (of: number) => {
    writeFileSync(file, `port ${port}\nsentinel monitor main 127.0.0.1 ${of} 1\n`);
    const started = spawn(findProgram('redis-server') ?? '', [file, '--sentinel'], { stdio: 'ignore' });
    await expect
      .poll(
        () => {
          const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
          client.on('error', () => undefined);
          return client.connect().then(
            () => {
              client.destroy();
              return true;
            },
            () => false,
          );
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    return started;
  };
  let child = await begin(primary);
  const end = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    async restart(of: number) {
      await end();
      child = await begin(of);
    },
    [Symbol.asyncDispose]: end,
  };
}
