import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExtenderMetrics } from '../../../extender/metrics.ts';
import { createTlsServer } from '../../../extender/webhook/tls.ts';
import { capturedLog } from '../../captured-log.ts';
import { execFile } from '../../children.ts';
import { FakeClock } from '../../fake-clock.ts';
import { temporaryFolder } from '../cache/cache-file.ts';

const run = promisify(execFile);
const DAY_MS = 86_400_000;

describe('clients of the TLS port', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string) => join(folder.path, name);
  const text = (name: string) => readFileSync(path(name), 'utf8');

  beforeAll(async () => {
    folder = await temporaryFolder();
    for (const [name, days] of [
      ['server', 30],
      ['client', 2],
      ['stranger', 30],
      ['other', 30],
    ] as const)
      await makeCertificate(folder.path, name, days);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  async function start(clientCa = 'client.crt') {
    await copyFile(path(clientCa), path('ca.crt'));
    const clock = new FakeClock(Date.now());
    const logger = capturedLog();
    const metrics = createExtenderMetrics();
    const files = { cert: path('server.crt'), key: path('server.key'), clientCa: path('ca.crt') };
    const tls = await createTlsServer(files, { keepAliveTimeout: 60_000 }, { clock, logger, metrics: metrics.tls });
    let served = 0;
    tls.server.on('request', (incoming, response) => {
      if (!tls.clients.admits(incoming.socket)) return;
      served += 1;
      response.end('ok');
    });
    await new Promise<void>((resolve) => tls.server.listen(0, '127.0.0.1', resolve));
    const { port } = tls.server.address() as { port: number };
    return {
      tls,
      clock,
      logger,
      port,
      served: () => served,
      refused: async () =>
        (await metrics.registry.metrics()).match(/^carbon_extender_refused_clients_total\{.*/gm) ?? [],
      metrics: () => metrics.registry.metrics(),
      async [Symbol.asyncDispose]() {
        await tls.watching[Symbol.asyncDispose]();
        tls.server.closeAllConnections();
        await new Promise<void>((resolve) => tls.server.close(() => resolve()));
      },
    };
  }
  const known = () => ({ ca: text('server.crt'), cert: text('client.crt'), key: text('client.key') });

  it('are refused with a reason that is counted, and logged at a bounded rate', async () => {
    await using port = await start();
    const ca = text('server.crt');
    for (let each = 0; each < 15; each++) await get(port.port, { ca });
    await get(port.port, { ca, cert: text('stranger.crt'), key: text('stranger.key') });
    await plainText(port.port);
    port.clock.jump(3 * DAY_MS);
    await get(port.port, known());

    await expect
      .poll(async () => (await port.refused()).sort())
      .toEqual([
        'carbon_extender_refused_clients_total{reason="expired"} 1',
        'carbon_extender_refused_clients_total{reason="no-certificate"} 15',
        'carbon_extender_refused_clients_total{reason="protocol"} 1',
        'carbon_extender_refused_clients_total{reason="unknown-authority"} 1',
      ]);
    expect(port.served()).toBe(0);
    expect(port.logger.at('warn').filter(({ fields }) => fields.code === 'TLS_CLIENT_REFUSED').length).toBeLessThan(15);
  });

  it('are no longer served on a kept connection once their certificate has expired', async () => {
    await using port = await start();
    using agent = new KeptAgent({ keepAlive: true, maxSockets: 1 });
    const first = await get(port.port, { ...known(), agent });

    port.clock.jump(3 * DAY_MS);
    const second = await get(port.port, { ...known(), agent });

    expect([first, port.served()]).toEqual(['200 ok', 1]);
    expect(second).not.toMatch(/^200/);
  });

  it('lose an idle connection when their authority leaves, and cannot come back', async () => {
    await using port = await start();
    using agent = new KeptAgent({ keepAlive: true, maxSockets: 1 });
    const first = await get(port.port, { ...known(), agent });

    await copyFile(path('other.crt'), path('ca.crt'));
    await port.tls.refresh();
    const second = await get(port.port, { ...known(), agent });

    expect([first, port.served()]).toEqual(['200 ok', 1]);
    expect(second).not.toMatch(/^200/);
  });

  it('see the expiry of every certificate as a metric, with a warning below seven days and an error after it', async () => {
    await using port = await start();
    const codes = () => [...port.logger.at('warn'), ...port.logger.at('error')].map(({ fields }) => fields.code);

    const before = await port.metrics();
    const atStart = codes();
    port.clock.jump(25 * DAY_MS);
    await port.tls.refresh();
    await port.tls.refresh();

    expect(before).toMatch(/certificate_expiry_timestamp_seconds\{certificate="server",name="CN=server"\} 1\d{9}/);
    expect(before).toMatch(/certificate_expiry_timestamp_seconds\{certificate="client-ca",name="CN=client"\} 1\d{9}/);
    expect(atStart).toEqual(['CERTIFICATE_EXPIRES']);
    expect(codes()).toEqual(['CERTIFICATE_EXPIRES', 'CERTIFICATE_EXPIRES', 'CERTIFICATE_EXPIRED']);
  });
});

class KeptAgent extends Agent {
  [Symbol.dispose](): void {
    this.destroy();
  }
}

async function makeCertificate(cwd: string, name: string, days: number): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', String(days)];
  await run('openssl', ['req', '-x509', ...key, ...subject, '-out', `${name}.crt`], { cwd });
}

/** Status and body of a GET, or the message of what prevented a response. */
function get(port: number, identity: object): Promise<string> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, agent: false as const, ...identity }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
    call.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code} ${error.message}`));
    call.end();
  });
}

function plainText(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.once('error', () => undefined);
    socket.once('close', () => resolve());
    socket.resume();
  });
}
