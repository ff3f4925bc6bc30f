import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../../shared/runtime/kubernetes/connection.ts';
import type { UserAccess } from '../../../../shared/runtime/kubernetes/kubeconfig.ts';
import { execFile } from '../../../children.ts';
import { temporaryFolder } from '../../../extender/cache/cache-file.ts';

const run = promisify(execFile);

describe('requests to the API server', () => {
  it.each([
    ['a token', { token: 'abc' }, 'Bearer abc', 'token'],
    ['a name and a password', { username: 'me', password: 'x' }, `Basic ${btoa('me:x')}`, 'basic'],
    ['nothing', {}, undefined, 'none'],
  ] as const)('are authenticated with %s', async (_what, user, header, authentication) => {
    await using server = await startServer();
    await using client = clientOf(server.url, user);

    await client.request('GET', '/api');

    expect(server.authorizations).toEqual([header]);
    expect(client.authentication).toBe(authentication);
  });

  it('send the token of a file, and read it anew when the server refuses the old one', async () => {
    await using folder = await temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    await writeFile(tokenFile, 'old\n');
    await using server = await startServer((authorization) => authorization === `Bearer ${server.valid}`);
    await using client = clientOf(server.url, { tokenFile });
    server.valid = 'old';
    await client.request('GET', '/api');

    server.valid = 'new';
    await writeFile(tokenFile, 'new\n');
    await client.request('GET', '/api');

    expect(server.authorizations).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
  });

  it('fail with the name of a token file that is missing, and work once it is there', async () => {
    await using folder = await temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    await using server = await startServer();
    await using client = clientOf(server.url, { tokenFile });

    await expect(client.request('GET', '/api')).rejects.toThrow(tokenFile);
    await writeFile(tokenFile, 'late');
    await client.request('GET', '/api');

    expect(server.authorizations).toEqual(['Bearer late']);
  });

  it('run a plug-in once until its credentials expire, and again when the server refuses them', async () => {
    await using folder = await temporaryFolder();
    const command = await writePlugin(folder.path, 'new Date(Date.now() + 3_600_000).toISOString()');
    await using server = await startServer((authorization) => authorization === `Bearer ${server.valid}`);
    const apiVersion = 'client.authentication.k8s.io/v1';
    const exec = {
      apiVersion,
      command,
      args: [join(folder.path, 'count')],
      env: [{ name: 'PREFIX', value: 't' }],
    } as const;
    await using client = clientOf(server.url, { exec: { ...exec, args: [...exec.args], env: [...exec.env] } });
    server.valid = 't1';

    await client.request('GET', '/api');
    await client.request('GET', '/api');
    server.valid = 't2';
    await client.request('GET', '/api');

    expect(server.authorizations).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('fail with what a plug-in says, and with its hint for installing it', async () => {
    await using server = await startServer();
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1' as const,
      command: '/nowhere/login',
      installHint: 'install the cloud tools',
    };
    await using client = clientOf(server.url, { exec });

    await expect(client.request('GET', '/api')).rejects.toThrow(/\/nowhere\/login failed.*install the cloud tools/);
    expect(server.authorizations).toEqual([]);
  });

  it('show a client certificate, trust only the given authority, and take a renewed certificate over', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['server', 'first', 'second']) await makeCertificate(folder.path, name);
    const text = (name: string) => readFile(join(folder.path, name), 'utf8');
    const seen: string[] = [];
    const options = { cert: await text('server.crt'), key: await text('server.key') };
    const server = createTlsServer(
      { ...options, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        seen.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
        // The first certificate is refused after its renewal.
        response.writeHead(seen.length === 2 ? 401 : 200).end('{}');
      },
    );
    await using listening = await listen(server);
    const url = `https://127.0.0.1:${listening.port}`;
    const certificateFile = join(folder.path, 'first.crt');
    const keyFile = join(folder.path, 'first.key');
    const user = { certificateFile, keyFile };
    await using client = createClient(openConnections({ server: url, caFile: join(folder.path, 'server.crt'), user }));
    await using stranger = createClient(openConnections({ server: url, ca: await text('first.crt'), user }));

    await client.request('GET', '/api');
    await writeFile(certificateFile, await text('second.crt'));
    await writeFile(keyFile, await text('second.key'));
    await client.request('GET', '/api');

    expect(seen).toEqual(['first', 'first', 'second']);
    await expect(stranger.request('GET', '/api')).rejects.toThrow();
  });

  it('reject with the reason that the API server gives', async () => {
    await using server = await startServer(() => false);
    await using client = clientOf(server.url, { token: 'abc' });

    await expect(client.request('GET', '/api')).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
  });
});

function clientOf(server: string, user: UserAccess) {
  return createClient(openConnections({ server, user }));
}

async function startServer(isAllowed: (authorization: string | undefined) => boolean = () => true) {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    authorizations.push(request.headers.authorization);
    if (isAllowed(request.headers.authorization)) response.end('{}');
    else
      response.writeHead(401).end(JSON.stringify({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' }));
  });
  const listening = await listen(server);
  return Object.assign(listening, { url: `http://127.0.0.1:${listening.port}`, authorizations, valid: '' });
}

async function listen(server: Server & { closeAllConnections(): void }) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A plug-in that counts its runs in a file, and prints the count behind PREFIX as its token. */
async function writePlugin(folder: string, expiry: string): Promise<string> {
  const file = join(folder, 'login');
  await rm(file, { force: true });
  await writeFile(
    file,
    `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const [, , count] = process.argv;
let runs = 0;
try { runs = Number(readFileSync(count, 'utf8')); } catch {}
writeFileSync(count, String(++runs));
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
if (info.kind !== 'ExecCredential' || info.spec.interactive) process.exit(1);
const status = { token: process.env.PREFIX + runs, expirationTimestamp: ${expiry} };
console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status }));
`,
  );
  await chmod(file, 0o755);
  return file;
}

async function makeCertificate(folder: string, name: string): Promise<void> {
  const fixed = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
  await run('openssl', [...fixed, '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', ...files], {
    cwd: folder,
  });
}
