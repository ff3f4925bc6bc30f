// Flow: the cluster's own scheduler calls the extender over mutual TLS.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeObject, recorded } from '../k8s/objects.ts';
import { ROOT } from '../laws/sources.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf, applyAll, podFor, readyNode } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { CREDENTIAL_FILES, writeCredentials } from './credentials.ts';
import { NODES, type ShippedPod, startShippedPod, type TlsPaths } from './shipped-pod.ts';

const assets = clusterAssets();
const CONFIGURATION = 'k8s/overlays/existing-scheduler/kube-scheduler-config.yaml';

describe.skipIf(assets === undefined)("the cluster's own scheduler over mutual TLS", () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let plane: ControlPlane;
  let admin: Api;
  let tls: TlsPaths;
  let pod: ShippedPod;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'existing-scheduler-'));
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    admin = apiOf(plane);
    expect(await applyAll(admin, recorded().variants['existing-scheduler'] ?? [])).toEqual([]);
    // The scheduler of a cluster has the rights of one; here it runs under the same account as the extender.
    expect(await applyAll(admin, schedulerRights())).toEqual([]);
    for (const [name, zone] of NODES)
      expect((await admin.post('/api/v1/nodes', readyNode(name, zone))).status).toBe(201);
    tls = await makeCertificates(join(folder, 'tls'));
    const configuration = readFileSync(join(ROOT, CONFIGURATION), 'utf8');
    pod = await startShippedPod(stack, {
      assets: assets ?? '',
      folder,
      plane,
      variant: 'existing-scheduler',
      configuration,
      tls,
    });
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('places ordinary pods on the cleanest node', async () => {
    const names = Array.from({ length: 5 }, (_, n) => `ordinary-${n}`);
    for (const name of names) {
      const { spec, ...rest } = podFor(name) as KubeObject;
      const { schedulerName: _, ...ordinary } = spec;
      expect((await admin.post('/api/v1/namespaces/default/pods', { ...rest, spec: ordinary })).status).toBe(201);
    }

    const nodes = await Promise.all(names.map(placed));

    expect(nodes).toEqual(names.map(() => 'node-fr'));
  });

  it('is the only one that the extender answers', async () => {
    const url = `https://127.0.0.1:${pod.extenderPort}/prioritize`;
    const stranger = new Agent({ connect: { ca: readFileSync(tls.ca, 'utf8') } });
    const body = '{"Pod":{"metadata":{"name":"a"}},"Nodes":null,"NodeNames":["node-fr"]}';

    await expect(fetch(url, { method: 'POST', body, dispatcher: stranger })).rejects.toThrow();
    await expect(fetch(url.replace('https', 'http'), { method: 'POST', body })).rejects.toThrow();
  });

  async function placed(name: string): Promise<string> {
    const { body } = await eventually(
      () => admin.get(`/api/v1/namespaces/default/pods/${name}`),
      (answer) => answer.body.spec?.nodeName !== undefined,
    );
    return body.spec.nodeName;
  }
});

/** The rights of a kube-scheduler for the shipped account, as the base grants them, and the Lease that it leads by. */
function schedulerRights(): KubeObject[] {
  const bindings = (recorded().variants.base ?? []).filter(({ roleRef }) =>
    String(roleRef?.name).startsWith('system:'),
  );
  const subject = bindings[0]?.subjects;
  const name = 'leads-as-kube-scheduler';
  const metadata = { name, namespace: 'kube-system' };
  const rule = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update', 'create'] };
  const group = 'rbac.authorization.k8s.io';
  return [
    ...bindings,
    { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: [rule] },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      subjects: subject,
      roleRef: { apiGroup: group, kind: 'Role', name },
    },
  ];
}

async function makeCertificates(folder: string): Promise<TlsPaths> {
  mkdirSync(folder);
  await writeCredentials(folder);
  const { ca, serverCertificate, serverKey } = CREDENTIAL_FILES;
  return { ca: join(folder, ca), cert: join(folder, serverCertificate), key: join(folder, serverKey) };
}
