// Flow: a real kube-scheduler reads the shipped configurations.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile } from '../children.ts';
import { everyObject } from '../k8s/objects.ts';
import { ROOT } from '../laws/sources.ts';
import { clusterAssets } from './assets.ts';
import { CREDENTIAL_FILES, writeCredentials, writeKubeconfig } from './credentials.ts';
import { withKubeconfig } from './flags.ts';

const assets = clusterAssets();
const run = promisify(execFile);
const FOR_THE_CLUSTERS_OWN = 'k8s/overlays/existing-scheduler/kube-scheduler-config.yaml';

/** Every shipped KubeSchedulerConfiguration: those in ConfigMaps, and the one for the cluster's own scheduler. */
function shippedConfigurations(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { variant, object } of everyObject())
    if (object.kind === 'ConfigMap')
      for (const [file, text] of Object.entries(object.data as Record<string, string>))
        if (text.includes('KubeSchedulerConfiguration') && ![...found.values()].includes(text))
          found.set(`${variant}: ${file}`, text);
  found.set(FOR_THE_CLUSTERS_OWN, readFileSync(join(ROOT, FOR_THE_CLUSTERS_OWN), 'utf8'));
  return found;
}

describe.skipIf(assets === undefined)('kube-scheduler itself', () => {
  const configurations = shippedConfigurations();
  let folder: string;
  let kubeconfig: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scheduler-configuration-'));
    kubeconfig = join(folder, 'kubeconfig');
    await writeKubeconfig(kubeconfig, 'https://127.0.0.1:1', await writeCredentials(folder));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is given every variant of the configuration', () => {
    expect(configurations.size).toBeGreaterThan(5);
  });

  it.each([...configurations])('takes %s', async (_, text) => {
    const written = await check(text);

    expect(written).toContain('ignorable: true');
    expect(written).toContain('httpTimeout: 500ms');
  });

  it('refuses a field that it does not know', async () => {
    const [text = ''] = configurations.values();

    await expect(check(text.replace('ignorable: true', 'ignorabel: true'))).rejects.toThrow(/ignorabel/);
  });

  /** The files of a TLS configuration, which kube-scheduler opens at once, replaced by some that exist. */
  function withCertificates(text: string): string {
    const { ca, serverCertificate, serverKey } = CREDENTIAL_FILES;
    return text
      .replace(/caFile: .*/, `caFile: ${join(folder, ca)}`)
      .replace(/certFile: .*/, `certFile: ${join(folder, serverCertificate)}`)
      .replace(/keyFile: .*/, `keyFile: ${join(folder, serverKey)}`);
  }

  /** Lets kube-scheduler read a configuration and write it back with its defaults. */
  async function check(text: string): Promise<string> {
    const file = join(folder, 'configuration.yaml');
    const out = join(folder, 'written.yaml');
    const own = text.includes('kubeconfig:')
      ? text.replace(/kubeconfig: .*/, `kubeconfig: ${kubeconfig}`)
      : withKubeconfig(text, kubeconfig);
    writeFileSync(file, withCertificates(own.replace('CLUSTER_IP', '10.0.0.1')));
    await run(join(assets ?? '', 'kube-scheduler'), [`--config=${file}`, `--write-config-to=${out}`], { env: {} });
    return readFileSync(out, 'utf8');
  }
});
