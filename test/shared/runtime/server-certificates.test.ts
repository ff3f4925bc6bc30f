// Flow: the certificates that Redis and PostgreSQL present become the expiry metric of the poller and of the extender.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { superviseApiThread } from '../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { startExtender } from '../../../extender/extender.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { startPoller } from '../../../poller/poller.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { makeAuthority, makeServerCertificate, opensslAvailable } from '../../servers/certificates.ts';
import { freePort } from '../../servers/free-port.ts';
import { postgresAvailable, startPostgres } from '../../servers/postgres.ts';
import { redisAvailable, startRedis } from '../../servers/redis.ts';

const canRun = redisAvailable() && postgresAvailable() && opensslAvailable();

describe.skipIf(!canRun)('the certificates of Redis and PostgreSQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'server-certificates-'));
  const path = (name: string) => join(folder, name);
  beforeAll(() => {
    chmodSync(folder, 0o755);
    makeAuthority(folder, 'ours');
    for (const name of ['redis', 'database']) makeServerCertificate(folder, name, 'ours', 'IP:127.0.0.1');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['require', 'verify-full'])('are metrics with when they expire (sslmode %s)', async (mode) => {
    const tlsPort = await freePort();
    const redisFiles = { 'tls-cert-file': path('redis.crt'), 'tls-key-file': path('redis.key') };
    const redisTls = { 'tls-port': String(tlsPort), 'tls-ca-cert-file': path('ours.crt'), 'tls-auth-clients': 'no' };
    await using _redis = await startRedis({ ...redisTls, ...redisFiles });
    const files = { ssl_cert_file: path('database.crt'), ssl_key_file: path('database.key') };
    await using postgres = await startPostgres({ ssl: 'on', ...files });
    // Encrypted without a check of the server, or with one.
    const checked = mode === 'require' ? '' : `&sslrootcert=${path('ours.crt')}`;
    const env = {
      MODE: 'db',
      TSDB_DSN: `${await postgres.database()}?sslmode=${mode}${checked}`,
      REDIS_URL: `rediss://127.0.0.1:${tlsPort}`,
      REDIS_TLS_CA_FILE: path('ours.crt'),
      DATA_DIR: folder,
      CACHE_FILE: path('c.json'),
    };
    const pollerEnv = { ...env, POLLER_TASKS: 'retention,readings', POLLER_PORT: '0', POLLER_HOST: '127.0.0.1' };
    const extenderEnv = {
      ...env,
      EXTENDER_PORT: '0',
      EXTENDER_HOST: '127.0.0.1',
      API_PORT: String(await freePort()),
      API_HOST: '127.0.0.1',
    };
    const clock = new FakeClock(Date.now());
    const logger = capturedLog();
    await using poller = await startPoller(loadConfig('poller', pollerConfigSchema, pollerEnv), { clock, logger });
    await using extender = await startExtender(loadConfig('extender', extenderConfigSchema, extenderEnv), {
      clock,
      logger,
      startApi: superviseApiThread,
    });
    for (const port of [poller.port, extender.schedulerPort]) {
      const metrics = async () => {
        await clock.advance(61_000);
        // The API connects when it is asked, and a busy machine may take longer for it than one request waits.
        await fetch(`http://127.0.0.1:${extenderEnv.API_PORT}/api/containers`);
        return fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
      };
      for (const name of ['redis', 'database'])
        await expect
          .poll(metrics)
          .toMatch(
            new RegExp(
              `_certificate_expiry_timestamp_seconds\\{certificate="${name}-server",name="CN=${name}"\\} 1\\d{9}`,
            ),
          );
    }
  });
});
