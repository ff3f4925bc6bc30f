import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { ExporterAccess } from '../../../poller/power/exporter-access.ts';
import { scrape } from '../../../poller/power/kepler/scrape.ts';
import { ScrapeError } from '../../../poller/power/scrape-error.ts';
import type { Target } from '../../../poller/power/targets.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { available, findProgram } from '../../servers/available.ts';

/** The name in the exporter's certificate; a target with this host is asked by address, as behind a headless service. */
const HOST = 'kepler.power.svc';
const BODY =
  '# TYPE kepler_container_joules_total counter\n' +
  'kepler_container_joules_total{container_name="app",pod_name="web-0",container_namespace="shop",mode="dynamic"} 41\n';

const folder = mkdtempSync(join(tmpdir(), 'exporter-tls-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!available('openssl', 'apt-get install openssl'))('an exporter behind TLS', () => {
  beforeAll(() => {
    authority('ca');
    authority('other-ca');
    signed('server', 'ca', `subjectAltName=DNS:${HOST}`);
    signed('client', 'ca', 'extendedKeyUsage=clientAuth');
    signed('stranger', 'other-ca', 'extendedKeyUsage=clientAuth');
    writeFileSync(file('token'), 'first-token\n');
  });

  it('is scraped with its authority, our certificate and the bearer token as it stands in the file', async () => {
    await using exporter = await startExporter();
    await using access = new ExporterAccess(settings({ EXPORTER_BEARER_FILE: file('token') }));

    const first = await ask(access, exporter.target);
    writeFileSync(file('token'), 'renewed-token\n');
    const second = await ask(access, exporter.target);

    expect([first.counters.length, second.counters.length]).toEqual([1, 1]);
    expect(exporter.seen).toEqual([
      { authorization: 'Bearer first-token', client: 'client', host: HOST },
      { authorization: 'Bearer renewed-token', client: 'client', host: HOST },
    ]);
  });

  it.each(['EXPORTER_CA_FILE', 'EXPORTER_BEARER_FILE'] as const)(
    'is not asked while %s cannot be read, which is told with the setting and is no fault of the store',
    async (setting) => {
      await using exporter = await startExporter();
      await using access = new ExporterAccess(settings({ [setting]: file('nowhere') }));

      const asked = await ask(access, exporter.target).catch((error: unknown) => error);

      expect(asked).toBeInstanceOf(ScrapeError);
      expect((asked as ScrapeError).message).toBe(
        `${exporter.target.name}: ${setting}: ${file('nowhere')} cannot be read (ENOENT)`,
      );
      expect(exporter.seen).toEqual([]);
    },
  );

  it.each([
    ['another authority than the one that signed it', { EXPORTER_CA_FILE: file('other-ca.crt') }],
    ['no client certificate', { EXPORTER_CERT_FILE: undefined, EXPORTER_KEY_FILE: undefined }],
    [
      'a client certificate of a stranger',
      { EXPORTER_CERT_FILE: file('stranger.crt'), EXPORTER_KEY_FILE: file('stranger.key') },
    ],
  ])('gives nothing with %s', async (_, changes) => {
    await using exporter = await startExporter();
    await using access = new ExporterAccess(settings(changes));

    // TLS 1.3 refuses a client only after the handshake, so the kind of fault is not the same for all.
    await expect(ask(access, exporter.target)).rejects.toBeInstanceOf(ScrapeError);
    expect(exporter.seen).toEqual([]);
  });

  it('gives nothing under a name that its certificate does not have', async () => {
    await using exporter = await startExporter();
    await using access = new ExporterAccess(settings({}));

    const asked = ask(access, { ...exporter.target, host: 'impostor.power.svc' });

    await expect(asked).rejects.toMatchObject({ reason: 'certificate', message: expect.stringMatching(/altnames/i) });
    expect(exporter.seen).toEqual([]);
  });

  it('is tried again when a file comes late', async () => {
    await using exporter = await startExporter();
    await using access = new ExporterAccess(settings({ EXPORTER_CA_FILE: file('late.crt') }));
    await expect(ask(access, exporter.target)).rejects.toThrow('ENOENT');

    writeFileSync(file('late.crt'), readFileSync(file('ca.crt')));
    await ask(access, exporter.target);

    expect(exporter.seen).toHaveLength(1);
  });
});

/** An exporter that takes only clients with a certificate of our authority, and remembers who asked. */
async function startExporter() {
  const seen: object[] = [];
  const tls = createServer({
    ...{
      key: readFileSync(file('server.key')),
      cert: readFileSync(file('server.crt')),
      ca: readFileSync(file('ca.crt')),
    },
    ...{ requestCert: true, rejectUnauthorized: true },
  });
  const server = await listen(
    ({ headers: { authorization, host }, socket }, response) => {
      const peer = (socket as TLSSocket).getPeerCertificate();
      seen.push({ authorization, client: peer.subject?.CN, host });
      response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(BODY);
    },
    { host: '127.0.0.1', port: 0 },
    tls,
  );
  const target: Target = { name: 'kepler', url: `https://127.0.0.1:${server.port}/metrics`, host: HOST };
  return { seen, target, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function ask(access: ExporterAccess, target: Target) {
  return scrape(target.name, target.url, {
    timeoutMs: 5_000,
    maxBytes: 100_000,
    dispatcher: await access.dispatcherFor(target),
    headers: await access.headersFor(target),
    signal: new AbortController().signal,
  });
}

function settings(changes: Readonly<Record<string, string | undefined>>) {
  const env: Record<string, string | undefined> = {
    EXPORTER_URL: `https://${HOST}/metrics`,
    EXPORTER_CA_FILE: file('ca.crt'),
    EXPORTER_CERT_FILE: file('client.crt'),
    EXPORTER_KEY_FILE: file('client.key'),
    ...changes,
  };
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return loadConfig('poller', pollerConfigSchema, Object.fromEntries(given));
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync(findProgram('openssl') ?? '', args, { cwd: folder, stdio: 'ignore' });
}

function authority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '2'];
  openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', `${name}.key`, '-out', `${name}.crt`);
}

function signed(name: string, by: string, extension: string): void {
  openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  writeFileSync(file(`${name}.ext`), `basicConstraints=CA:FALSE\n${extension}\n`);
  const signer = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
}
