import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExtenderMetrics } from '../../../extender/metrics.ts';
import { createTlsServer, tlsFiles } from '../../../extender/webhook/tls.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { execFile, spawn } from '../../children.ts';
import { namesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { temporaryFolder } from '../cache/cache-file.ts';
import { startScheduler } from './start-webhook.ts';

const run = promisify(execFile);
const RELOAD_FAILED = 'carbon_extender_tls_reload_failed';

describe('the scheduler port with TLS', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string) => join(folder.path, name);
  const text = (name: string) => readFileSync(path(name), 'utf8');

  beforeAll(async () => {
    folder = await temporaryFolder();
    for (const name of ['one', 'two', 'client', 'stranger']) await makeCertificate(folder.path, name);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it('serves HTTPS, and only clients with a certificate of the given authority', async () => {
    const tls = { cert: path('one.crt'), key: path('one.key'), clientCa: path('client.crt') };
    await using scheduler = await startScheduler({ tls });
    const ask = (identity: object) => post(scheduler.port, { ca: text('one.crt'), ...identity });

    const known = await ask({ cert: text('client.crt'), key: text('client.key') });
    const stranger = await ask({ cert: text('stranger.crt'), key: text('stranger.key') });
    const anonymous = await ask({});

    expect(known).toBe('200 {"NodeNames":["a"]}');
    expect(stranger).toMatch(/alert|ECONNRESET|EPIPE/);
    expect(anonymous).toMatch(/alert|ECONNRESET|EPIPE/);
  });

  it('takes a renewed certificate over, and keeps the old one when the new files are broken', async () => {
    await copyFile(path('one.crt'), path('live.crt'));
    await copyFile(path('one.key'), path('live.key'));
    const logger = capturedLog();
    const files = { cert: path('live.crt'), key: path('live.key'), clientCa: undefined };
    const metrics = createExtenderMetrics();
    const tls = await createTlsServer(files, {}, { clock: systemClock, logger, metrics: metrics.tls });
    await using stack = new AsyncDisposableStack();
    stack.use(tls.watching);
    tls.server.on('request', (_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => tls.server.listen(0, '127.0.0.1', resolve));
    stack.defer(() => new Promise<void>((resolve) => tls.server.close(() => resolve())));
    const port = (tls.server.address() as { port: number }).port;

    await writeFile(path('live.crt'), 'no certificate');
    await tls.refresh();
    const broken = await post(port, { ca: text('one.crt') });
    await copyFile(path('two.crt'), path('live.crt'));
    await copyFile(path('two.key'), path('live.key'));
    await tls.refresh();
    const renewed = await post(port, { ca: text('two.crt') });

    expect([broken, renewed]).toEqual(['200 ok', '200 ok']);
    expect(logger.at('error')).toHaveLength(1);
  });

  it('tries a renewal again that could not be read for a moment, though the files do not change any more', async () => {
    for (const end of ['crt', 'key']) await copyFile(path(`one.${end}`), path(`moment.${end}`));
    const files = { cert: path('moment.crt'), key: path('moment.key'), clientCa: undefined };
    const logger = capturedLog();
    const metrics = createExtenderMetrics();
    const tls = await createTlsServer(files, {}, { clock: systemClock, logger, metrics: metrics.tls });
    await using _watching = tls.watching;
    const failed = async () =>
      (await metrics.registry.getMetricsAsJSON()).find(({ name }) => name === RELOAD_FAILED)?.values;
    for (const end of ['crt', 'key']) await copyFile(path(`two.${end}`), path(`moment.${end}`));
    using descriptors = await withoutDescriptors();

    await tls.refresh();
    const during = await failed();
    await descriptors.restore();
    await tls.refresh();

    expect(during).toMatchObject([{ value: 1 }]);
    expect(await failed()).toMatchObject([{ value: 0 }]);
    expect(logger.at('error')).toMatchObject([{ fields: { code: 'TLS_RELOAD_FAILED' } }]);
    expect(logger.at('info').map(({ message }) => message)).toContain('loaded renewed TLS files');
  });

  it('names the setting whose file cannot be read, and files that do not fit', async () => {
    const start = (cert: string, key: string, clientCa?: string) =>
      createTlsServer({ cert: path(cert), key: path(key), clientCa: clientCa && path(clientCa) }, {}, quiet);
    const quiet = { clock: systemClock, logger: capturedLog(), metrics: createExtenderMetrics().tls };
    await writeFile(path('empty.crt'), '');

    await expect(start('none.crt', 'one.key')).rejects.toThrow(
      /TLS_CERT_FILE: ".*none\.crt" cannot be read \(ENOENT\)/,
    );
    await expect(start('one.crt', 'one.key', 'none.crt')).rejects.toThrow(/TLS_CLIENT_CA_FILE: ".*none\.crt" cannot/);
    await expect(start('one.crt', 'two.key')).rejects.toThrow(/cannot be used together \(.*mismatch/);
    await expect(start('empty.crt', 'one.key')).rejects.toThrow(ConfigError);
  });

  it('wants certificate and key, both or neither', () => {
    expect(tlsFiles({})).toBeUndefined();
    expect(() => tlsFiles({ TLS_CERT_FILE: 'x' })).toThrow(ConfigError);
    expect(() => tlsFiles({ TLS_CLIENT_CA_FILE: 'x' })).toThrow(ConfigError);
  });
});

/** Lets this process open no further file (EMFILE), until it is restored; by a shell that is there before, since starting one needs files. */
async function withoutDescriptors(): Promise<Disposable & { restore(): Promise<unknown> }> {
  const script = `prlimit --pid ${process.pid} --nofile=0:; echo; read _; prlimit --pid ${process.pid} --nofile=$1:; echo`;
  const soft = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '1024';
  const shell = spawn('sh', ['-c', script, 'sh', soft], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(shell.stdout, 'data');
  const restore = () => {
    shell.stdin.write('\n');
    return once(shell.stdout, 'data');
  };
  return { restore, [Symbol.dispose]: () => void shell.stdin.end() };
}

async function makeCertificate(cwd: string, name: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  await run('openssl', ['req', '-x509', ...key, ...subject, '-out', `${name}.crt`], { cwd });
}

/** Status and body of a filter call, or the message of what prevented an answer. */
function post(port: number, identity: object): Promise<string> {
  return new Promise((resolve) => {
    const body = namesCall(['a']);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const options = { host: '127.0.0.1', port, path: '/filter', method: 'POST', headers, agent: false as const };
    const call = request({ ...options, ...identity }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${answer}`));
    });
    call.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code} ${error.message}`));
    call.end(body);
  });
}
