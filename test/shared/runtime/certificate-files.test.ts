import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { startExtender } from '../../../extender/extender.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { startPoller } from '../../../poller/poller.ts';
import {
  certificateFiles,
  presentedCertificates,
  watchCertificateFiles,
} from '../../../shared/runtime/certificate-files.ts';
import { createCertificateMetrics } from '../../../shared/runtime/certificate-metrics.ts';
import type { UsedCertificate } from '../../../shared/runtime/certificates.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { makeAuthority, opensslAvailable } from '../../servers/certificates.ts';

const DAY_MS = 86_400_000;

it('takes the files from the settings, and those of the database from its connection string', () => {
  const config = {
    REDIS_TLS_CA_FILE: '/r/ca.crt',
    REDIS_TLS_CERT_FILE: '/r/tls.crt',
    EXPORTER_CA_FILE: undefined,
    TSDB_DSN: 'postgresql://u:p@h/d?sslmode=verify-ca&sslrootcert=/d/ca.crt&sslcert=%2Fd%2Ftls.crt&sslkey=/d/tls.key',
  };

  expect(certificateFiles(config)).toEqual([
    { certificate: 'redis-ca', file: '/r/ca.crt' },
    { certificate: 'redis-client', file: '/r/tls.crt' },
    { certificate: 'database-ca', file: '/d/ca.crt' },
    { certificate: 'database-client', file: '/d/tls.crt' },
  ]);
});

describe.skipIf(!opensslAvailable())('the files of certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-files-'));
  const path = (name: string) => join(folder, name);
  // Each is valid for thirty days.
  beforeAll(() => {
    for (const name of ['ours', 'next']) makeAuthority(folder, name);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Watches `live.crt` and another file as of some days from now. */
  const watch = (days: number, file = path('live.crt')) => {
    const clock = new FakeClock(Date.now() + days * DAY_MS);
    const registry = new Registry();
    const metrics = createCertificateMetrics('poller', [registry]);
    const logger = capturedLog();
    const files = [
      { certificate: 'redis-client', file },
      { certificate: 'database-ca', file: path('missing.crt') },
    ];
    const onCertificates = (used: Parameters<typeof metrics.replace>[1]) => metrics.replace('connections', used);
    const watching = watchCertificateFiles({
      files,
      presented: presentedCertificates(),
      clock,
      logger,
      onCertificates,
    });
    const codes = () => logger.lines.map(({ fields }) => `${fields.code} ${fields.certificate} ${fields.subject}`);
    return { clock, codes, metrics: () => registry.metrics(), [Symbol.asyncDispose]: watching[Symbol.asyncDispose] };
  };

  it('are a metric and no warning while they are good for more than a week', async () => {
    copyFileSync(path('ours.crt'), path('live.crt'));
    await using watching = watch(22);

    await expect.poll(watching.metrics).toMatch(/certificate="redis-client",name="CN=ours"\} 1\d{9}/);
    expect(await watching.metrics()).not.toContain('certificate="database-ca"');
    expect(watching.codes()).toEqual([]);
  });

  it('are warned of once in the last week, and once when they have expired', async () => {
    copyFileSync(path('ours.crt'), path('live.crt'));
    await using watching = watch(24);
    await expect.poll(watching.codes).toEqual(['CERTIFICATE_EXPIRES redis-client CN=ours']);

    await watching.clock.advance(5 * 60_000);
    const before = watching.codes();
    await watching.clock.advance(7 * DAY_MS);

    expect(before).toHaveLength(1);
    await expect.poll(watching.codes).toEqual([...before, 'CERTIFICATE_EXPIRED redis-client CN=ours']);
  });

  it('are read again: a renewed one takes the place of the old one', async () => {
    copyFileSync(path('ours.crt'), path('live.crt'));
    await using watching = watch(0);
    await expect.poll(watching.metrics).toContain('CN=ours');

    copyFileSync(path('next.crt'), path('live.crt'));
    await watching.clock.advance(61_000);

    await expect.poll(watching.metrics).toContain('CN=next');
    expect(await watching.metrics()).not.toContain('CN=ours');
  });

  it('are left out where they are a bundle of public authorities, or no certificate', async () => {
    writeFileSync(path('bundle.crt'), '');
    for (let count = 0; count < 21; count += 1) appendFileSync(path('bundle.crt'), readFileSync(path('ours.crt')));
    writeFileSync(path('broken.crt'), '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n');

    for (const name of ['bundle.crt', 'broken.crt']) {
      await using watching = watch(40, path(name));
      await watching.clock.advance(1_000);
      expect([await watching.metrics(), watching.codes()], name).toEqual([expect.not.stringContaining('CN='), []]);
    }
  });

  it('are metrics of the poller and of the extender', async () => {
    const data = { DATA_DIR: folder, CACHE_FILE: path('c.json') };
    const names = { REDIS_TLS_CERT_FILE: path('ours.crt') };
    const pollerEnv = { ...data, ...names, POLLER_TASKS: 'retention', POLLER_PORT: '0', POLLER_HOST: '127.0.0.1' };
    const extenderEnv = { ...data, ...names, EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0' };
    const logger = capturedLog();
    await using poller = await startPoller(loadConfig('poller', pollerConfigSchema, pollerEnv), { logger });
    await using extender = await startExtender(loadConfig('extender', extenderConfigSchema, extenderEnv), { logger });

    for (const port of [poller.port, extender.schedulerPort]) {
      const metrics = () => fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
      await expect
        .poll(metrics)
        .toMatch(/_certificate_expiry_timestamp_seconds\{certificate="redis-client",name="CN=ours"\}/);
    }
  });

  it('are beside those that servers presented: the newest of each use, warned of alike', async () => {
    const presented = presentedCertificates();
    const clock = new FakeClock('2026-03-15T00:00:00Z');
    const logger = capturedLog();
    const seen: string[][] = [];
    const onCertificates = (used: readonly UsedCertificate[]) => void seen.push(used.map(({ name }) => name));
    await using _watching = watchCertificateFiles({ files: [], presented, clock, logger, onCertificates });
    const server = { certificate: 'redis-server', name: 'CN=r', notAfter: clock.now() + DAY_MS };

    presented.add(server);
    await clock.advance(61_000);
    const warned = logger.lines.map(({ fields }) => fields.code);
    presented.add({ ...server, name: 'CN=renewed', notAfter: clock.now() + 90 * DAY_MS });
    await clock.advance(61_000);

    expect(warned).toEqual(['CERTIFICATE_EXPIRES']);
    expect(seen.at(-2)).toEqual(['CN=r']);
    expect(seen.at(-1)).toEqual(['CN=renewed']);
  });
});
