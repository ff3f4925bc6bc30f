import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { KubeletAccess } from '../../../../poller/power/usage/kubelet-access.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { type KubeletDouble, startKubeletDouble } from '../../../doubles/kubelet.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { makeAuthority, makeServerCertificate, opensslAvailable } from '../../../servers/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubelet-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const web = { namespace: 'shop', pod: 'web-0', container: 'app', cores: 1, memoryBytes: 2e9 };

describe.skipIf(!opensslAvailable())('a kubelet behind TLS', () => {
  const certificate = (name: string) => ({
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  });
  beforeAll(() => {
    makeAuthority(folder, 'ca');
    makeAuthority(folder, 'own');
    makeServerCertificate(folder, 'cluster', 'ca', 'IP:127.0.0.1');
    makeServerCertificate(folder, 'self', 'own', 'IP:127.0.0.1');
    makeServerCertificate(folder, 'elsewhere', 'ca', 'DNS:node-1');
    writeFileSync(join(folder, 'token'), 'the-token\n');
  });

  it('is read with the cluster’s authority and the token of the service account', async () => {
    await using kubelet = await start('cluster');

    const { containers } = await read(kubelet, {});

    expect(containers).toHaveLength(1);
    expect(kubelet.authorization).toBe('Bearer the-token');
  });

  it.each(['self', 'elsewhere'])('gets no token while its certificate (%s) cannot be verified', async (kind) => {
    await using kubelet = await start(kind);

    await expect(read(kubelet, {})).rejects.toMatchObject({ reason: 'certificate' });

    expect(kubelet.authorization).toBeUndefined();
  });

  it('that signs for itself is read with its own authority in KUBELET_CA_FILE', async () => {
    await using kubelet = await start('self');

    const { containers } = await read(kubelet, { KUBELET_CA_FILE: join(folder, 'own.crt') });

    expect(containers).toHaveLength(1);
  });

  it('is read unverified only with KUBELET_INSECURE_TLS, which is warned of at the start', async () => {
    await using kubelet = await start('self');
    const log = capturedLog();

    const { containers } = await read(kubelet, { KUBELET_INSECURE_TLS: 'true' }, log);

    expect(containers).toHaveLength(1);
    expect(log.at('warn').map(({ fields }) => fields.code)).toEqual(['KUBELET_NOT_VERIFIED']);
  });

  function start(kind: string): Promise<KubeletDouble> {
    return startKubeletDouble({ clock: new FakeClock(), containers: [{ ...web }], tls: certificate(kind) });
  }
});

async function read({ url }: KubeletDouble, env: Record<string, string>, log = capturedLog()) {
  // The authority of the service account has this name.
  const account = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_CREDENTIALS_DIR: folder };
  await using access = new KubeletAccess(loadConfig('poller', pollerConfigSchema, { ...account, ...env }), log);
  const signal = new AbortController().signal;
  return await access.read({ name: 'n1', url, facts: {} }, { timeoutMs: 5_000, maxBytes: 1_000_000, signal });
}
