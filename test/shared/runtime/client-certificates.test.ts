// Flow: client certificates and authorities for Redis and PostgreSQL, renewed while the program runs.
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { connectRedis } from '../../../shared/runtime/redis.ts';
import { redisSettings } from '../../../shared/runtime/redis-settings.ts';
import { ConnectionPool } from '../../../shared/store/timescale/database.ts';
import { capturedLog } from '../../captured-log.ts';
import { makeAuthority, makeServerCertificate, opensslAvailable } from '../../servers/certificates.ts';
import { freePort } from '../../servers/free-port.ts';
import { postgresAvailable, startPostgres } from '../../servers/postgres.ts';
import { redisAvailable, startRedis } from '../../servers/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'client-certificates-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a client certificate, with its key, or an authority in the place that the program reads. */
function renew(live: string, name: string): void {
  for (const end of live.endsWith('ca') ? ['crt'] : ['crt', 'key'])
    copyFileSync(path(`${name}.${end}`), path(`${live}.${end}`));
}

beforeAll(() => {
  if (!opensslAvailable()) return;
  chmodSync(folder, 0o755);
  for (const authority of ['ours', 'theirs']) {
    makeAuthority(folder, authority);
    makeServerCertificate(folder, `client-of-${authority}`, authority, 'DNS:client');
    makeServerCertificate(folder, `server-of-${authority}`, authority, 'IP:127.0.0.1');
  }
});

describe.skipIf(!redisAvailable() || !opensslAvailable())('a Redis that demands client certificates', () => {
  const start = async () => {
    renew('redis-server', 'server-of-ours');
    const port = await freePort();
    const files = { 'tls-cert-file': path('redis-server.crt'), 'tls-key-file': path('redis-server.key') };
    const clients = { 'tls-ca-cert-file': path('ours.crt'), 'tls-auth-clients': 'yes' };
    return { server: await startRedis({ 'tls-port': String(port), ...files, ...clients }), port };
  };
  const connect = (port: number, env: Record<string, string>) => {
    const settings = { REDIS_URL: `rediss://127.0.0.1:${port}`, REDIS_TLS_CA_FILE: path('redis-ca.crt'), ...env };
    const redis = connectRedis(loadConfig('test', z.object(redisSettings), settings), 'test', capturedLog());
    const ping = () => redis.run((client) => client.ping()).catch(() => 'refused');
    return { ping, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
  };
  const own = { REDIS_TLS_CERT_FILE: path('redis-client.crt'), REDIS_TLS_KEY_FILE: path('redis-client.key') };

  it('refuses a client without one or with one of another authority, until a right one is put in its place', async () => {
    renew('redis-ca', 'ours');
    renew('redis-client', 'client-of-theirs');
    const { server, port } = await start();
    await using _server = server;
    await using without = connect(port, {});
    await using client = connect(port, own);

    const refused = [await without.ping(), await client.ping()];
    renew('redis-client', 'client-of-ours');

    expect(refused).toEqual(['refused', 'refused']);
    await expect.poll(client.ping).toBe('PONG');
    expect(await without.ping()).toBe('refused');
  });

  it('may change its authority: the renewed file is trusted without a restart of this program', async () => {
    renew('redis-ca', 'ours');
    renew('redis-client', 'client-of-ours');
    const { server, port } = await start();
    await using _server = server;
    await using client = connect(port, own);
    const before = await client.ping();
    renew('redis-server', 'server-of-theirs');
    await server.kill();
    await server.start();

    const unrenewed = await client.ping();
    renew('redis-ca', 'theirs');

    expect([before, unrenewed]).toEqual(['PONG', 'refused']);
    await expect.poll(client.ping).toBe('PONG');
  });
});

describe.skipIf(!postgresAvailable() || !opensslAvailable())('a PostgreSQL that demands client certificates', () => {
  it('refuses a client without one or with one of another authority, until a right one is put in its place', async () => {
    renew('database-ca', 'ours');
    renew('database-client', 'client-of-theirs');
    // Its own connection of the test is not encrypted.
    writeFileSync(
      path('hba.conf'),
      'hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\nhostnossl all all 127.0.0.1/32 scram-sha-256\n',
    );
    const files = { ssl_cert_file: path('server-of-ours.crt'), ssl_key_file: path('server-of-ours.key') };
    await using postgres = await startPostgres({
      ...{ ssl: 'on', ...files, ssl_ca_file: path('ours.crt'), hba_file: path('hba.conf') },
    });
    const dsn = `${await postgres.database()}?sslmode=verify-full&sslrootcert=${path('database-ca.crt')}`;
    const own = `&sslcert=${path('database-client.crt')}&sslkey=${path('database-client.key')}`;
    const pool = (address: string) =>
      new ConnectionPool({ dsn: address, connections: 1, prepare: async () => undefined });
    await using without = pool(dsn);
    await using client = pool(dsn + own);
    const select = (of: ConnectionPool) =>
      of
        .within(5_000)
        .query<{ one: number }>('SELECT 1 AS one')
        .then(
          ([row]) => row?.one,
          () => 'refused',
        );

    const refused = [await select(without), await select(client)];
    renew('database-client', 'client-of-ours');

    expect(refused).toEqual(['refused', 'refused']);
    await expect.poll(() => select(client)).toBe(1);
    expect(await select(without)).toBe('refused');
  });
});
