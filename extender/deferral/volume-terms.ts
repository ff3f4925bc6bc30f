import { z } from 'zod';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import { type NodeSelectorTerm, nodeSelectorTerms } from './node-selector.ts';
import { quantityOf } from './pod-requirements.ts';

/** Each of these lists must have a term that a node matches; none restricts nothing. */
export type VolumeTerms = readonly (readonly NodeSelectorTerm[])[];

const quantities = z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).nullish();
const claimObject = z.object({
  spec: z.object({
    volumeName: z.string().nullish(),
    storageClassName: z.string().nullish(),
    accessModes: z.array(z.string()).nullish(),
    resources: z.object({ requests: quantities }).nullish(),
  }),
});
const volumeObject = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  spec: z.object({
    nodeAffinity: z.object({ required: nodeSelectorTerms.nullish() }).nullish(),
    storageClassName: z.string().nullish(),
    accessModes: z.array(z.string()).nullish(),
    capacity: quantities,
    claimRef: z.object({ namespace: z.string().nullish(), name: z.string().nullish() }).nullish(),
  }),
});
const classObject = z.object({
  provisioner: z.string().nullish(),
  allowedTopologies: z
    .array(z.object({ matchLabelExpressions: z.array(z.object({ key: z.string(), values: z.array(z.string()) })) }))
    .nullish(),
});

type Claim = z.output<typeof claimObject>['spec'] & { readonly namespace?: string; readonly name?: string };
type Volume = z.output<typeof volumeObject>;
type Client = Pick<KubernetesClient, 'request'>;

/** Labels by which volumes of older drivers say where they are, each with the newer name that a node may have instead. */
const TOPOLOGY_LABELS: readonly (readonly [string, string])[] = [
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
];
/** Volumes of such a class are made by people, not on demand. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** What a claim requires of a node: by its volume, else by its storage class. Rejects where one of them cannot be read. */
export async function readClaimTerms(client: Client, namespace: string, name: string): Promise<VolumeTerms> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims/${encodeURIComponent(name)}`;
  const { spec } = claimObject.parse(await client.request('GET', path));
  if (!spec.volumeName)
    return spec.storageClassName
      ? await readClassTerms(client, spec.storageClassName, { ...spec, namespace, name })
      : [];
  const volume = `/api/v1/persistentvolumes/${encodeURIComponent(spec.volumeName)}`;
  return termsOfVolume(volumeObject.parse(await client.request('GET', volume)));
}

/**
 * What a storage class requires of the nodes of a claim that has no volume yet: its allowed topologies, or, where it
 * provisions nothing, one of the free volumes that are large enough.
 */
export async function readClassTerms(client: Client, name: string, claim?: Claim): Promise<VolumeTerms> {
  const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`;
  const { provisioner, allowedTopologies } = classObject.parse(await client.request('GET', path));
  if (provisioner === NO_PROVISIONER) return await readFreeVolumes(client, name, claim);
  if (!allowedTopologies?.length) return [];
  return [
    allowedTopologies.map(({ matchLabelExpressions }) => ({
      matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: 'In', values })),
    })),
  ];
}

async function readFreeVolumes(client: Client, storageClass: string, claim: Claim | undefined): Promise<VolumeTerms> {
  const terms: NodeSelectorTerm[] = [];
  for await (const object of listObjects(client, '/api/v1/persistentvolumes', { pageSize: 100 })) {
    const { success, data } = volumeObject.safeParse(object);
    if (!success || data.spec.storageClassName !== storageClass || !canHold(data.spec, claim)) continue;
    const required = data.spec.nodeAffinity?.required;
    // One that any node can reach restricts nothing.
    if (!required) return [];
    terms.push(...required.nodeSelectorTerms);
  }
  return [terms];
}

function canHold({ claimRef, capacity, accessModes }: Volume['spec'], claim: Claim | undefined): boolean {
  if (claimRef && !(claimRef.namespace === claim?.namespace && claimRef.name === claim?.name)) return false;
  if (!(claim?.accessModes ?? []).every((mode) => accessModes?.includes(mode))) return false;
  return quantityOf(capacity?.storage ?? '') >= quantityOf(claim?.resources?.requests?.storage ?? '');
}

function termsOfVolume({ metadata, spec }: Volume): VolumeTerms {
  const required = spec.nodeAffinity?.required;
  const labelled = TOPOLOGY_LABELS.flatMap(([name, newer]) => termsOfLabel(name, newer, metadata?.labels?.[name]));
  return required ? [required.nodeSelectorTerms, ...labelled] : labelled;
}

/**
 * As kube-scheduler's VolumeZone sees a label of a volume: the node has one of its zones (`a__b` are two); a node that says
 * nothing of where it is can reach every volume, and a label with an empty zone counts for nothing.
 */
function termsOfLabel(name: string, newer: string, value: string | undefined): VolumeTerms {
  const values = (value ?? '').split('__').map((each) => each.trim());
  if (values.includes('')) return [];
  const absent = (key: string) => ({ key, operator: 'DoesNotExist' });
  return [
    [
      { matchExpressions: [{ key: name, operator: 'In', values }] },
      { matchExpressions: [absent(name), { key: newer, operator: 'In', values }] },
      { matchExpressions: TOPOLOGY_LABELS.map(([key]) => absent(key)) },
    ],
  ];
}
