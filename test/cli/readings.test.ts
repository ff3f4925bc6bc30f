import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { spawn } from '../children.ts';
import { ROOT } from '../laws/sources.ts';
import { entry, listOf, runTask, STREAM, stateOf, storedOf, temporaryStore } from '../poller/readings/running-task.ts';
import { redisAvailable, redisClient, startRedis } from '../servers/redis.ts';

async function carbon(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], { env });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, out, err };
}

describe.skipIf(!redisAvailable())('carbon readings', () => {
  it('shows dead letters and puts them back, to be kept exactly once', async () => {
    await using redis = await startRedis();
    await using observer = await redisClient(redis.url);
    const env = { REDIS_URL: redis.url, REDIS_STREAM_KEEP: '0' };
    await observer.client.set('site_readings:hall-7', 'in the way');
    await using store = temporaryStore();
    await using _task = runTask(store, env);
    const ids = [];
    for (let number = 0; number < 3; number++) ids.push(await observer.client.xAdd(STREAM, '*', entry(number)));
    await observer.client.xAdd(STREAM, '*', entry(3, { site_id: 'other-1' }));
    await expect.poll(() => stateOf(observer.client)).toMatchObject({ pending: 0, deadLetters: 3 });

    const dead = await carbon(['readings', 'dead', '--limit', '2'], env);
    await observer.client.del('site_readings:hall-7');
    const redriven = await carbon(['readings', 'redrive'], env);
    expect(redriven).toMatchObject({ code: 0, err: '' });
    await expect.poll(() => stateOf(observer.client)).toMatchObject({ length: 0, pending: 0, deadLetters: 0 });
    const status = await carbon(['readings', 'status'], env);

    const shown = dead.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(shown).toMatchObject([
      { origin_id: ids[0], deliveries: 2, reason: 'the key site_readings:hall-7 in Redis is not a list' },
      { origin_id: ids[1] },
    ]);
    expect(JSON.parse(redriven.out)).toEqual({ stream: STREAM, put_back: 3, left: 0 });
    expect((await listOf(observer.client)).map((item) => item.stream_id)).toEqual(ids);
    expect(await storedOf(store)).toHaveLength(3);
    expect(await storedOf(store, 'other-1')).toHaveLength(1);
    expect(JSON.parse(status.out)).toMatchObject({ length: 0, pending: 0, lag: 0, consumers: 1, dead_letters: 0 });
  });

  it('ends with 2 when Redis refuses the password, and with 1 when nobody says where it is', async () => {
    await using redis = await startRedis({ requirepass: 'secret-word' });

    const refused = await carbon(['readings', 'status'], { REDIS_URL: redis.url, REDIS_PASSWORD: 'guess' });
    const nowhere = await carbon(['readings', 'status'], {});

    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('refuses the user or password') });
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('REDIS_URL or REDIS_HOST') });
  });
});
