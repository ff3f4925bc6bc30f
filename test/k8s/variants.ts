import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../laws/sources.ts';
import type { KubeObject } from './objects.ts';

/** What makes a set of manifests: a kustomization, or the chart with a values file. */
export type Variant =
  | { readonly name: string; readonly kustomization: string }
  | { readonly name: string; readonly values: string | undefined; readonly cluster?: readonly string[] };

/** What a cluster tells Helm of itself. */
const NEWEST = ['--kube-version=1.36.3', '--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy'];
const BETA = ['--kube-version=1.35.0', '--api-versions=admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy'];

/** Every set of manifests that the project ships, and the folders that only tests put together. */
export const VARIANTS: readonly Variant[] = [
  { name: 'base', kustomization: 'k8s/base' },
  { name: 'kepler-headless', kustomization: 'k8s/kepler-headless' },
  ...entries('k8s/overlays').map((name) => ({ name, kustomization: `k8s/overlays/${name}` })),
  { name: 'components', kustomization: 'test/k8s/fixtures/components' },
  { name: 'only-pods-that-ask', kustomization: 'test/k8s/fixtures/only-pods-that-ask' },
  { name: 'chart', values: undefined },
  { name: 'chart-on-1.33', values: undefined, cluster: ['--kube-version=1.33.0'] },
  { name: 'chart-with-v1beta1', values: undefined, cluster: BETA },
  ...entries('k8s/chart/ci').map((file) => ({
    name: `chart-${file.replace('-values.yaml', '')}`,
    values: `k8s/chart/ci/${file}`,
  })),
];

/** Objects of a variant as the tools make them now. `kubectl` also has the newer `kustomize`. */
export function renderVariant(variant: Variant, tools: { kubectl: string; helm: string }): KubeObject[] {
  const text =
    'kustomization' in variant
      ? execFileSync(tools.kubectl, ['kustomize', variant.kustomization], { cwd: ROOT, encoding: 'utf8' })
      : execFileSync(tools.helm, helmArguments(variant.values, variant.cluster), { cwd: ROOT, encoding: 'utf8' });
  // Kubernetes reads YAML 1.1: an unquoted on is a boolean there.
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** A fingerprint of everything that rendering reads; a changed one means that the recorded manifests are old. */
export function sourcesFingerprint(): string {
  const hash = createHash('sha256');
  for (const folder of ['base', 'components', 'overlays', 'kepler-headless', 'chart'])
    for (const path of filesBelow(`k8s/${folder}`))
      if (!path.endsWith('values.schema.json')) hash.update(`${path}\0${readFileSync(join(ROOT, path), 'utf8')}\0`);
  return hash.digest('hex');
}

function helmArguments(values: string | undefined, cluster: readonly string[] = NEWEST): string[] {
  const place = ['--namespace=carbon-extender', ...cluster];
  return ['template', 'carbon-extender', 'k8s/chart', ...place, ...(values ? [`--values=${values}`] : [])];
}

function entries(path: string): string[] {
  return readdirSync(join(ROOT, path)).sort();
}

function filesBelow(path: string): string[] {
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}
