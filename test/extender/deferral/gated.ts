import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { KubeObject } from '../../doubles/kubernetes.ts';

/** A pod behind our gate, with our annotations, given without their prefix. */
export function gatedPod(name: string, own: Readonly<Record<string, string>>, createdAt: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'batch',
      creationTimestamp: `${new Date(createdAt).toISOString().slice(0, 19)}Z`,
      annotations: ours(own),
    },
    spec: {
      schedulingGates: [{ name: 'carbon-extender.io/wait' }, { name: 'example.org/other' }],
      containers: [{ name: 'main', image: 'busybox' }],
    },
    status: { phase: 'Pending' },
  };
}

/** A suspended Job with the same annotations. */
export function suspendedJob(name: string, own: Readonly<Record<string, string>>, createdAt: number): KubeObject {
  const { metadata } = gatedPod(name, own, createdAt);
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { suspend: true } };
}

/** Annotations of ours from names without the prefix. */
export function ours(own: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`carbon-extender.io/${name}`, value]));
}

/** One annotation of ours. */
export function annotation(object: KubeObject | undefined, name: string): string | undefined {
  return object?.metadata.annotations?.[`carbon-extender.io/${name}`];
}

/** The names of a pod's gates. */
export function gatesOf(object: KubeObject | undefined): string[] {
  return (object?.spec.schedulingGates ?? []).map((gate: { name: string }) => gate.name);
}

/** Writes a kubeconfig for a server without credentials; returns its path. */
export async function writeKubeconfig(folder: string, server: string): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'double', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'double', context: { cluster: 'double', user: 'nobody' } }],
    'current-context': 'double',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** The machine's clock, whose wall time a test can set. */
export function settableClock(): Clock & { set(now: number): void } {
  let offset = 0;
  return {
    ...systemClock,
    now: () => Date.now() + offset,
    set: (now) => {
      offset = now - Date.now();
    },
  };
}
