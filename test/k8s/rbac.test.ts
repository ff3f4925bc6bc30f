// Flow: the rights in the manifests against what the code does with the API.
import { describe, expect, it } from 'vitest';
import { QUEUED_KINDS } from '../../extender/deferral/kueue-work.ts';
import { productSources } from '../laws/sources.ts';
import { ANTICIPATED } from './anticipated.ts';
import { everyObject, recorded } from './objects.ts';

/** Every right that the manifests grant, and what in the code needs it. */
const USES: Record<string, { by: string; code: RegExp }> = {
  '/nodes:list': { by: 'zones of nodes', code: /listNode\b|api\/v1\/nodes/ },
  '/nodes/metrics:get': { by: 'usage of containers', code: /metrics\/resource/ },
  '/nodes:watch': { by: 'zones of nodes', code: /api\/v1\/nodes/ },
  '/namespaces:list': { by: 'default annotations', code: /listNamespace\b|api\/v1\/namespaces/ },
  '/namespaces:watch': { by: 'default annotations', code: /api\/v1\/namespaces/ },
  '/pods:list': { by: 'gated and placed pods', code: /listPodForAllNamespaces|api\/v1\/pods/ },
  '/pods:watch': { by: 'gated and placed pods', code: /api\/v1\/pods/ },
  '/pods:patch': { by: 'gates and plans', code: /patchNamespacedPod\b|request\(\s*'PATCH'/ },
  '/events:create': { by: 'reasons on the pod', code: /createNamespacedEvent|\/events/ },
  'batch/jobs:list': { by: 'suspended Jobs', code: /listJobForAllNamespaces|apis\/batch\/v1\/jobs/ },
  'batch/jobs:watch': { by: 'suspended Jobs', code: /apis\/batch\/v1\/jobs/ },
  'batch/jobs:patch': { by: 'suspended Jobs', code: /'\/apis\/batch\/v1', 'jobs'/ },
  'apps/replicasets:get': { by: 'origins of gated pods', code: /'replicasets'/ },
  'apps/deployments:get': { by: 'origins of gated pods', code: /'deployments'/ },
  'apps/statefulsets:get': { by: 'origins of gated pods', code: /'statefulsets'/ },
  '/persistentvolumeclaims:get': { by: 'zones of volumes', code: /\/persistentvolumeclaims/ },
  '/persistentvolumes:get': { by: 'zones of volumes', code: /\/persistentvolumes/ },
  '/persistentvolumes:list': { by: 'free volumes', code: /listObjects\(client, '\/api\/v1\/persistentvolumes'/ },
  'storage.k8s.io/storageclasses:get': { by: 'zones of volumes', code: /\/storageclasses/ },
  ...Object.fromEntries(
    QUEUED_KINDS.filter(({ group }) => group !== 'batch' && group !== '').flatMap(({ group, plural }) =>
      ['list', 'watch', 'patch'].map((verb) => [
        `${group}/${plural}:${verb}`,
        { by: 'admission gates of Kueue', code: /QUEUED_KINDS/ },
      ]),
    ),
  ),
  'kueue.x-k8s.io/localqueues:list': { by: 'defaults of LocalQueues', code: /plural: 'localqueues'/ },
  'kueue.x-k8s.io/localqueues:watch': { by: 'defaults of LocalQueues', code: /plural: 'localqueues'/ },
  'kueue.x-k8s.io/clusterqueues:list': { by: 'how much a queue can admit', code: /plural: 'clusterqueues'/ },
  'kueue.x-k8s.io/clusterqueues:watch': { by: 'how much a queue can admit', code: /plural: 'clusterqueues'/ },
  'kueue.x-k8s.io/workloads:list': { by: 'whether Kueue holds work back', code: /plural: 'workloads'/ },
  'kueue.x-k8s.io/workloads:watch': { by: 'whether Kueue holds work back', code: /plural: 'workloads'/ },
  'kueue.x-k8s.io/workloads:patch': { by: 'plans in kubectl describe workload', code: /copyToWorkload/ },
  'admissionregistration.k8s.io/mutatingadmissionpolicies:get': { by: 'what gates', code: /mutatingadmissionpolicies/ },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations:get': {
    by: 'what gates',
    code: /mutatingwebhookconfigurations/,
  },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations:patch': {
    by: 'the authority of the webhook',
    code: /'PATCH', path, \{ type: 'application\/strategic-merge-patch/,
  },
  '/secrets:get': { by: 'certificate of the webhook', code: /\/secrets`/ },
  '/secrets:update': { by: 'certificate of the webhook', code: /secret \? 'PUT'/ },
  'coordination.k8s.io/leases:create': { by: 'one controller', code: /createNamespacedLease|LeaderElector|\/leases/ },
  'coordination.k8s.io/leases:get': { by: 'one controller', code: /readNamespacedLease|LeaderElector|\/leases/ },
  'coordination.k8s.io/leases:update': { by: 'one controller', code: /replaceNamespacedLease|LeaderElector|\/leases/ },
};

/** Kubernetes' own program in our pod, whose code is not ours. */
const FOREIGN = new Set(['Role carbon-aware-scheduler']);

describe('the rights that the manifests grant', () => {
  const roles = everyObject().filter(({ object }) => object.kind === 'Role' || object.kind === 'ClusterRole');
  const rights = new Set(
    roles
      .filter(({ object }) => !FOREIGN.has(`${object.kind} ${object.metadata.name}`))
      .flatMap(({ object }) => (object.rules as Rule[]).flatMap(rightsOf)),
  );

  it('name no wildcard, no secret but the webhook’s own, and no right to raise rights', () => {
    const isOwn = (rule: Rule, name: string) =>
      `${rule.resources} ${rule.resourceNames} ${rule.verbs}` === `secrets ${name} get,update`;
    const written = roles.map(({ object }) =>
      JSON.stringify(object.rules.filter((rule: Rule) => !isOwn(rule, object.metadata.name))),
    );

    expect(roles.length).toBeGreaterThan(30);
    expect(written.filter((text) => /"\*"|"secrets"|"escalate"|"bind"|"impersonate"|exec|"delete/.test(text))).toEqual(
      [],
    );
  });

  it('are each used in the code, and the table names no others', () => {
    expect([...rights].sort()).toEqual(Object.keys(USES).sort());
    const code = productSources().filter(({ path }) => /^(extender|shared|poller)\//.test(path));
    const unused = [...rights].filter(
      (right) => !ANTICIPATED.rights.includes(right) && !code.some(({ text }) => USES[right]?.code.test(text)),
    );

    expect(code.length).toBeGreaterThan(20);
    expect(unused).toEqual([]);
  });

  it('belong to accounts that a pod runs as, each of them in its own namespace', () => {
    for (const [variant, objects] of Object.entries(recorded().variants)) {
      const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
      const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
      const strangers = bindings
        .flatMap(({ subjects }) => subjects as { name: string; namespace: string }[])
        .filter(({ name, namespace }) => !accounts.includes(name) || namespace !== 'carbon-extender');

      expect(strangers, variant).toEqual([]);
    }
  });

  it('on a Lease name the one that the shipped scheduler configuration asks for', () => {
    for (const [variant, objects] of Object.entries(recorded().variants)) {
      const role = objects.find(({ kind, metadata }) => FOREIGN.has(`${kind} ${metadata.name}`));
      const texts = objects.filter(({ kind }) => kind === 'ConfigMap').map(({ data }) => JSON.stringify(data));
      for (const name of role?.rules[0].resourceNames ?? [])
        expect(
          texts.some((text) => text.includes(`resourceName: ${name}\\n`)),
          `${variant}: ${name}`,
        ).toBe(true);
    }
  });

  it('of a scheduler are granted only where a scheduler runs', () => {
    for (const [variant, objects] of Object.entries(recorded().variants)) {
      const schedules = JSON.stringify(objects).includes('"name":"kube-scheduler"');
      const granted = objects.some(({ roleRef }) => roleRef?.name === 'system:kube-scheduler');

      expect(granted, variant).toBe(schedules);
    }
  });
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

function rightsOf({ apiGroups, resources, verbs }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource}:${verb}`)),
  );
}
