import { Agent, request } from 'undici';
import type { KubeObject } from '../k8s/objects.ts';
import type { ControlPlane } from './control-plane.ts';

/** An answer of the API server. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of many kinds
  readonly body: any;
}

/** What a test asks of the API server under one identity. */
export interface Api {
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  /** A patch: `merge-patch`, `json-patch`, or `apply-patch` with a field manager in the path. */
  patch(
    path: string,
    type: 'merge-patch+json' | 'json-patch+json' | 'strategic-merge-patch+json' | 'apply-patch+yaml',
    body: unknown,
  ): Promise<Answer>;
  remove(path: string): Promise<Answer>;
}

/** The API of a control plane under a bearer token; the administrator's by default. */
export function apiOf({ server, ca, token }: ControlPlane, as: string = token): Api {
  const dispatcher = new Agent({ connect: { ca } });
  const call = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    type?: string,
    body?: unknown,
  ): Promise<Answer> => {
    const answer = await request(server + path, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${as}`, accept: 'application/json', ...(type && { 'content-type': type }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, 'application/json', body),
    remove: (path) => call('DELETE', path),
    patch: (path, type, body) => call('PATCH', path, `application/${type}`, body),
  };
}

/** Applies objects as `kubectl apply --server-side` does, refusing unknown fields; answers with what was refused. */
export async function applyAll(
  api: Api,
  objects: readonly KubeObject[],
  options: { dryRun?: boolean } = {},
): Promise<string[]> {
  const paths = new Map<string, Promise<Answer>>();
  const refused: string[] = [];
  for (const object of objects) {
    const group = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const known = paths.get(group) ?? api.get(group);
    paths.set(group, known);
    const resources = ((await known).body.resources ?? []) as { name: string; kind: string; namespaced: boolean }[];
    const resource = resources.find(({ name, kind }) => kind === object.kind && !name.includes('/'));
    const where = `${object.kind} ${object.metadata.name}`;
    if (resource === undefined) {
      refused.push(`${where}: the API server has no such kind`);
      continue;
    }
    const namespace = resource.namespaced ? `/namespaces/${object.metadata.namespace}` : '';
    const query = `?fieldManager=test&force=true&fieldValidation=Strict${options.dryRun ? '&dryRun=All' : ''}`;
    const path = `${group}${namespace}/${resource.name}/${object.metadata.name}${query}`;
    const { status, body } = await api.patch(path, 'apply-patch+yaml', object);
    if (status >= 300) refused.push(`${where}: ${status} ${body.message ?? body}`);
  }
  return refused;
}

/** A token of a service account, as the kubelet would mount it. */
export async function tokenOf(api: Api, namespace: string, account: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { status, body } = await api.post(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3607 },
  });
  if (status !== 201) throw new Error(`no token for ${account}: ${status} ${JSON.stringify(body)}`);
  return body.status.token;
}

/** As kubelets report memory: in Ki. */
const MEMORY = '67108864Ki';

/** A ready node in a grid zone with room for a hundred pods, or with less where a test says so. */
export function readyNode(name: string, zone: string, less: Readonly<Record<string, string>> = {}): object {
  const room = { cpu: '16', memory: MEMORY, pods: '100', ...less };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'carbon-extender.io/zone': zone, 'kubernetes.io/hostname': name } },
    status: { capacity: room, allocatable: room, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** A pod that asks for one of our scheduler's decisions. */
export function podFor(name: string, annotations: Record<string, string> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations },
    spec: {
      schedulerName: 'carbon-aware-scheduler',
      containers: [{ name: 'app', image: 'none.example/app:1', resources: { requests: { cpu: '100m' } } }],
    },
  };
}
