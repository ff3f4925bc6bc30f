import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { execFile } from '../children.ts';

const run = promisify(execFile);

/** The CA of a control plane (PEM) and the token of its administrator. The files are named in `CREDENTIAL_FILES`. */
export type Credentials = { ca: string; token: string };

/** What `writeCredentials` puts into its folder. */
export const CREDENTIAL_FILES = {
  ca: 'ca.crt',
  caKey: 'ca.key',
  serverCertificate: 'server.crt',
  serverKey: 'server.key',
  serviceAccountKey: 'service-account.key',
  tokens: 'tokens.csv',
} as const;

/** Makes a CA, a certificate for 127.0.0.1, the key that signs service account tokens, and an administrator's token. Needs openssl 3. */
export async function writeCredentials(dir: string): Promise<Credentials> {
  const files = CREDENTIAL_FILES;
  const self = ['-subj', '/CN=cluster-test-ca', '-keyout', files.caKey, '-out', files.ca];
  const server = ['-CA', files.ca, '-CAkey', files.caKey, '-subj', '/CN=127.0.0.1'];
  const names = [
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  await certificate(dir, self);
  await certificate(dir, [...server, ...names, '-keyout', files.serverKey, '-out', files.serverCertificate]);

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  await writeFile(join(dir, files.serviceAccountKey), pem, { mode: 0o600 });

  const token = randomBytes(24).toString('hex');
  await writeFile(join(dir, files.tokens), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  return { ca: await readFile(join(dir, files.ca), 'utf8'), token };
}

/** Writes a kubeconfig (JSON, which is YAML) that reaches `server` as the administrator. */
export async function writeKubeconfig(path: string, server: string, { ca, token }: Credentials): Promise<void> {
  const authority = Buffer.from(ca).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
  await writeFile(path, JSON.stringify(config, null, 2), { mode: 0o600 });
}

async function certificate(dir: string, args: readonly string[]): Promise<void> {
  const fixed = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await run('openssl', [...fixed, ...args], { cwd: dir });
}
