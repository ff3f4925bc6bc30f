// Flow: what sslmode, sslrootcert and renewed authorities mean to a PostgreSQL that speaks TLS.
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { makeAuthority, makeServerCertificate, opensslAvailable } from '../../../servers/certificates.ts';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';

const ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

describe.skipIf(!postgresAvailable() || !opensslAvailable())('sslmode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-tls-'));
  const path = (name: string) => join(folder, name);
  let postgres: PostgresServer;
  let dsn: string;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    for (const name of ['ours', 'theirs']) makeAuthority(folder, name);
    makeServerCertificate(folder, 'server', 'ours', 'DNS:elsewhere.example');
    const files = { ssl_cert_file: path('server.crt'), ssl_key_file: path('server.key') };
    postgres = await startPostgres({ ssl: 'on', ...files });
    dsn = await postgres.database();
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Whether the connection is encrypted, or why there is none. */
  const connect = async (parameters: string, address = dsn) => {
    await using pool = new ConnectionPool({
      dsn: `${address}?${parameters}`,
      connections: 1,
      prepare: async () => undefined,
    });
    // Awaited here: the pool ends with this function.
    return await pool
      .within(5_000)
      .query<{ ssl: boolean }>(ENCRYPTED)
      .then(
        ([row]) => row?.ssl,
        (error: Error) => error.message,
      );
  };

  it.each([
    ['disable', '', false],
    ['prefer', '', true],
    ['require', '', true],
    ['verify-ca', 'ours', true],
    ['require', 'ours', true],
    ['require', 'theirs', /unable to verify|self-signed|certificate/],
    ['verify-ca', 'theirs', /unable to verify|self-signed|certificate/],
    ['verify-full', 'ours', /altnames|does not match/],
  ])('%s with the authority "%s" means what libpq means', async (mode, authority, expected) => {
    const result = await connect(`sslmode=${mode}${authority && `&sslrootcert=${path(`${authority}.crt`)}`}`);

    if (expected instanceof RegExp) expect(result).toMatch(expected);
    else expect(result).toBe(expected);
  });

  it('takes a renewed authority over without a restart of this process', async () => {
    copyFileSync(path('ours.crt'), path('live.crt'));
    const address = `${dsn}?sslmode=verify-ca&sslrootcert=${path('live.crt')}`;
    await using pool = new ConnectionPool({ dsn: address, connections: 1, prepare: async () => undefined });
    const encrypted = () =>
      pool
        .within(5_000)
        .query<{ ssl: boolean }>(ENCRYPTED)
        .then(
          ([row]) => row?.ssl,
          () => 'refused',
        );
    const before = await encrypted();
    makeServerCertificate(folder, 'server', 'theirs', 'IP:127.0.0.1');
    await postgres.kill();
    await postgres.start();

    const unrenewed = await encrypted();
    copyFileSync(path('theirs.crt'), path('live.crt'));

    expect([before, unrenewed]).toEqual([true, 'refused']);
    await expect.poll(encrypted).toBe(true);
  });
});
