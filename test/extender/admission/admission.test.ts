import { X509Certificate } from 'node:crypto';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningAdmission, startAdmission } from '../../../extender/admission/admission.ts';
import { createPodPolicies, NO_NAMESPACES } from '../../../extender/placement/pod-policy.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import { createLogger } from '../../../shared/runtime/logger.ts';
import { type KubernetesDouble, startKubernetes } from '../../doubles/kubernetes.ts';

const SECRETS = 'secrets';
const KEY = 'carbon-extender/carbon-extender-gate';
const DAY_MS = 86_400_000;
let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

describe('the admission webhook', () => {
  it('makes its certificate, has the API server trust it, and gates what may wait', async () => {
    const cluster = await startCluster();
    await using webhook = start(cluster);
    await ready(webhook);

    const { status, body } = await review(webhook, cluster, podReview({ 'carbon-extender.io/max-delay': '6h' }));

    const patch = JSON.parse(Buffer.from(body.response.patch, 'base64').toString());
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'AdmissionReview',
      response: { uid: 'u1', allowed: true, patchType: 'JSONPatch' },
    });
    expect(patch).toEqual([{ op: 'add', path: '/spec/schedulingGates', value: [{ name: 'carbon-extender.io/wait' }] }]);
  });

  it('admits everything else as it is, and answers what is not a review with 400', async () => {
    const cluster = await startCluster();
    await using webhook = start(cluster);
    await ready(webhook);

    const plain = await review(webhook, cluster, podReview({}));
    const foreign = await review(webhook, cluster, { kind: 'Pod' });

    expect(plain.body.response).toEqual({ uid: 'u1', allowed: true });
    expect(foreign.status).toBe(400);
  });

  it('serves with the certificate of another replica, and renews one that is near its end by the same authority', async () => {
    const cluster = await startCluster();
    {
      await using first = start(cluster);
      await ready(first);
    }
    const before = data(cluster);

    await using second = start(cluster);
    await ready(second);
    const same = data(cluster);
    await using later = start(cluster, 65 * DAY_MS);
    await ready(later);

    const renewed = data(cluster);
    expect(same).toEqual(before);
    expect(renewed['ca.crt']).toBe(before['ca.crt']);
    expect(renewed['tls.crt']).not.toBe(before['tls.crt']);
    expect(
      new X509Certificate(renewed['tls.crt'] ?? '').verify(new X509Certificate(renewed['ca.crt'] ?? '').publicKey),
    ).toBe(true);
  });

  it('trusts the authority before it beside a new one', async () => {
    const cluster = await startCluster();
    await using first = start(cluster);
    await ready(first);
    const before = data(cluster)['ca.crt']?.trim() ?? '';

    await using later = start(cluster, 3_400 * DAY_MS);
    await ready(later);

    const after = data(cluster)['ca.crt'] ?? '';
    expect(after).toContain(before);
    expect(after.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(bundle(cluster)).toBe(after);
  });

  it('says why it does not work where its configuration is missing', async () => {
    const cluster = await startCluster();
    cluster.remove('mutatingwebhookconfigurations', 'carbon-extender-gate');
    await using webhook = start(cluster);

    await expect.poll(() => webhook.problem()).toMatch(/404/);
  });
});

async function startCluster(): Promise<KubernetesDouble> {
  const cluster = stack.use(await startKubernetes());
  cluster.create(SECRETS, { metadata: { name: 'carbon-extender-gate', namespace: 'carbon-extender' } });
  const webhooks = [
    { name: 'pods', clientConfig: {} },
    { name: 'queued', clientConfig: {} },
  ];
  cluster.create('mutatingwebhookconfigurations', { metadata: { name: 'carbon-extender-gate' }, webhooks });
  return cluster;
}

function start({ url }: KubernetesDouble, laterMs = 0): RunningAdmission {
  const client = createClient(openConnections({ server: url, user: {} }));
  return startAdmission({
    ...{ client, namespace: 'carbon-extender', name: 'carbon-extender-gate', host: '127.0.0.1', port: 0 },
    policyOf: createPodPolicies({ mode: 'enforce', preferences: {} }, NO_NAMESPACES),
    count: () => undefined,
    clock: { ...systemClock, now: () => systemClock.now() + laterMs },
    logger: createLogger('test', 'silent'),
  });
}

async function ready(webhook: RunningAdmission): Promise<void> {
  await expect.poll(() => webhook.problem()).toBeUndefined();
}

function data(cluster: KubernetesDouble): Record<string, string> {
  const encoded = Object.entries(cluster.get(SECRETS, KEY)?.data ?? {});
  return Object.fromEntries(encoded.map(([key, text]) => [key, Buffer.from(String(text), 'base64').toString()]));
}

function bundle(cluster: KubernetesDouble): string {
  const configuration = cluster.get('mutatingwebhookconfigurations', 'carbon-extender-gate');
  return Buffer.from(configuration?.webhooks[1].clientConfig.caBundle ?? '', 'base64').toString();
}

/** Calls the webhook as the API server does: by the Service's name, trusting caBundle alone. */
async function review(webhook: RunningAdmission, cluster: KubernetesDouble, value: object) {
  const dispatcher = new Agent({
    connect: { ca: bundle(cluster), servername: 'carbon-extender-gate.carbon-extender.svc' },
  });
  const url = `https://127.0.0.1:${webhook.port()}/admit?timeout=2s`;
  const { statusCode, body } = await request(url, { dispatcher, method: 'POST', body: JSON.stringify(value) });
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the response
  return { status: statusCode, body: (await body.json()) as any };
}

function podReview(annotations: Record<string, string>): object {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations }, spec: { containers: [] } };
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  return {
    ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
    request: { uid: 'u1', kind, namespace: 'shop', operation: 'CREATE', object },
  };
}
