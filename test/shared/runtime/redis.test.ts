import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from '../../../shared/runtime/config.ts';
import { connectRedis } from '../../../shared/runtime/redis.ts';
import { toRedisError } from '../../../shared/runtime/redis-error.ts';
import { redisSettings } from '../../../shared/runtime/redis-settings.ts';
import { capturedLog } from '../../captured-log.ts';
import { available, findProgram } from '../../servers/available.ts';
import { freePort } from '../../servers/free-port.ts';
import { redisAvailable, startRedis } from '../../servers/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig('test', z.object(redisSettings), env);

function connect(env: Record<string, string>) {
  const log = capturedLog();
  return { log, redis: connectRedis(load(env), 'test', log) };
}

describe.skipIf(!redisAvailable() || !available('openssl', 'apt-get install openssl'))(
  'a TLS connection to Redis',
  () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const start = async () => {
      execFileSync(findProgram('openssl') ?? '', [...made, ...subject, '-keyout', key, '-out', cert], {
        stdio: 'ignore',
      });
      const port = await freePort();
      const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': cert, 'tls-auth-clients': 'no' };
      const server = await startRedis({ 'tls-port': String(port), ...files, requirepass: 'let-me-in' });
      return { server, port };
    };

    it('works by host and by address with the given authority, and is refused without it', async () => {
      const { server, port } = await start();
      await using _server = server;
      const password = { REDIS_PASSWORD: 'let-me-in' };
      const trusted = { ...password, REDIS_TLS_CA_FILE: cert };
      const host = connect({ ...trusted, REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port), REDIS_TLS: 'true' });
      const url = connect({ ...trusted, REDIS_URL: `rediss://127.0.0.1:${port}` });
      const wary = connect({ ...password, REDIS_URL: `rediss://127.0.0.1:${port}` });

      const pongs = await Promise.all([host, url].map(({ redis }) => redis.run((client) => client.ping())));
      const refused = await wary.redis.run((client) => client.ping()).catch((error: Error) => error.message);

      expect(pongs).toEqual(['PONG', 'PONG']);
      expect(refused).toMatch(/cannot be reached.*self-signed/);
      for (const { redis } of [host, url, wary]) await redis[Symbol.asyncDispose]();
    });
  },
);

describe('the settings of Redis', () => {
  it('take the port that Kubernetes puts beside a Service called redis', () => {
    expect(load({ REDIS_PORT: 'tcp://10.96.0.12:6380' }).REDIS_PORT).toBe(6380);
  });

  it('name what is not an address without showing it', () => {
    const faulty = () => load({ REDIS_URL: 'http://user:hunter2@redis', REDIS_PORT: 'many' });

    expect(faulty).toThrow(ConfigError);
    expect(faulty).toThrow(/REDIS_URL: \(hidden\) is not a redis/);
  });
});

describe('an address of Redis that the library would refuse', () => {
  it.each([
    ['redis://:100%sure@host:6379', /write %25 for %/],
    ['redis://host:6379/readings', /path that is not the number of a database/],
    ['redis+sentinel://host:26379', /redis\+sentinel:\/\/host1/],
  ])('is refused by the settings: %s', (url, message) => {
    const loading = () => load({ REDIS_URL: url });

    expect(loading).toThrow(message);
    expect(loading).not.toThrow(/sure/);
  });

  it.each(['redis://:100%25sure@host:6379/2', 'rediss://user:p@host', 'redis+sentinel://u:p@h1:26379,h2/main'])(
    'is none of these: %s',
    (url) => {
      expect(load({ REDIS_URL: url }).REDIS_URL).toBe(url);
    },
  );
});

const SCRIPT_6 = 'ERR Error running script (call to f_7ac3e5): @user_script:5: @user_script: 5:';

describe('an error of Redis', () => {
  it.each([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'no-access'],
    ['NOAUTH Authentication required.', 'no-access'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'wrong-type'],
    ['LOADING Redis is loading the dataset in memory', 'away'],
    ["READONLY You can't write against a read only replica.", 'away'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'away'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'away'],
    ['NOGROUP No such key', 'other'],
    ['undefined is not a function', 'other'],
    // Scripts of Redis 6, and of 7.
    [`${SCRIPT_6} -READONLY You can't write against a read only replica.`, 'away'],
    [`${SCRIPT_6} -OOM command not allowed when used memory > 'maxmemory'.`, 'full'],
    [`${SCRIPT_6} -WRONGTYPE Operation against a key holding the wrong kind of value`, 'wrong-type'],
    [`${SCRIPT_6} -MISCONF Redis is configured to save RDB snapshots`, 'away'],
    [`${SCRIPT_6} Script attempted to access a non local key in a cluster node`, 'other'],
    ["READONLY You can't write against a read only replica. script: 7ac3, on @user_script:5.", 'away'],
  ])('%s has the reason %s', (message, kind) => {
    expect(toRedisError(new Error(message)).reason).toBe(kind);
  });
});
