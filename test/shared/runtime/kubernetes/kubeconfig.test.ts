import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKubeconfig } from '../../../../shared/runtime/kubernetes/kubeconfig.ts';
import { temporaryFolder } from '../../../extender/cache/cache-file.ts';

const YAML = `
apiVersion: v1
kind: Config
current-context: work
contexts:
  - name: work
    context: { cluster: prod, user: me, namespace: shop }
clusters:
  - name: prod
    cluster: { server: "https://10.0.0.1:6443/", certificate-authority: pki/ca.crt, tls-server-name: api }
users:
  - name: me
    user: { tokenFile: ../token, client-certificate: me.crt, client-key: /keys/me.key }
`;

describe('readKubeconfig', () => {
  it('reads the current context, with paths relative to the file', async () => {
    await using folder = await temporaryFolder();
    const file = await write(folder.path, 'config', YAML);

    expect(readKubeconfig([file])).toMatchObject({
      server: 'https://10.0.0.1:6443',
      caFile: join(folder.path, 'pki/ca.crt'),
      tlsServerName: 'api',
      user: {
        tokenFile: join(folder.path, '../token'),
        certificateFile: join(folder.path, 'me.crt'),
        keyFile: '/keys/me.key',
      },
    });
  });

  it('merges files as kubectl does: the first of a name counts, and the first current-context', async () => {
    await using folder = await temporaryFolder();
    const users = 'users: [{ name: me, user: { token: first } }]\n';
    const first = await write(folder.path, 'users', users);
    await mkdir(join(folder.path, 'other'));
    const second = await write(join(folder.path, 'other'), 'config', YAML);

    const access = readKubeconfig([first, second]);

    expect(access.user.token).toBe('first');
    expect(access.user.tokenFile).toBeUndefined();
    expect(access.caFile).toBe(join(folder.path, 'other/pki/ca.crt'));
  });

  it('decodes inline certificates and resolves the command of a plug-in', async () => {
    await using folder = await temporaryFolder();
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/login', args: ['--quiet'] };
    const user = { exec, 'client-certificate-data': Buffer.from('CERT').toString('base64') };
    const cluster = { server: 'https://api', 'certificate-authority-data': Buffer.from('CA').toString('base64') };
    const file = await write(folder.path, 'config', configOf(cluster, user));

    expect(readKubeconfig([file])).toMatchObject({
      ca: 'CA',
      user: { certificate: 'CERT', exec: { command: join(folder.path, 'bin/login') } },
    });
  });

  it.each([
    ['names no current-context', 'not: a kubeconfig'],
    ['current-context "work" is not defined', 'current-context: work'],
    ['cluster "prod" of its current-context is not defined', YAML.replace('name: prod', 'name: other')],
    ['user "me" of its current-context is not defined', YAML.replace('- name: me', '- name: other')],
    ['auth-provider is no longer supported', configOf({ server: 'https://api' }, { 'auth-provider': { name: 'gcp' } })],
    ['clusters.0.cluster.server', YAML.replace('https://10.0.0.1:6443/', 'nonsense')],
  ])('refuses a file with: %s', async (message, text) => {
    await using folder = await temporaryFolder();
    const file = await write(folder.path, 'config', text);

    expect(() => readKubeconfig([file])).toThrow(message);
  });

  it('takes a user without credentials for an anonymous one', async () => {
    await using folder = await temporaryFolder();
    const file = await write(folder.path, 'config', configOf({ server: 'https://api' }, {}));

    expect(Object.values(readKubeconfig([file]).user).filter(Boolean)).toEqual([]);
  });
});

async function write(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

function configOf(cluster: object, user: object): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
