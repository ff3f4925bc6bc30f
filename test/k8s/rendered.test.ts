// Flow: the recorded manifests against what kustomize and helm render now.
import { describe, expect, it } from 'vitest';
import { type KubeObject, recorded } from './objects.ts';
import { optionalTool } from './tools.ts';
import { renderVariant, sourcesFingerprint, VARIANTS } from './variants.ts';

const kubectl = optionalTool('kubectl', 'rendering the manifests anew (the recorded ones are checked)');
const helm = optionalTool('helm', 'rendering the chart anew (the recorded manifests are checked)');
const record = recorded();

describe('the recorded manifests', () => {
  it('were made from the sources as they are now (else: npm run k8s:render)', () => {
    expect(record.fingerprint).toBe(sourcesFingerprint());
  });

  it('hold every base, overlay, component and values file', () => {
    expect(VARIANTS.length).toBeGreaterThan(12);
    expect(Object.keys(record.variants).sort()).toEqual(VARIANTS.map(({ name }) => name).sort());
    for (const { name } of VARIANTS) expect(record.variants[name]?.length, name).toBeGreaterThan(0);
  });

  for (const variant of VARIANTS) {
    const tool = 'kustomization' in variant ? kubectl : helm;
    it.skipIf(tool === undefined)(`are what the tools make of ${variant.name}`, () => {
      const now = renderVariant(variant, { kubectl: kubectl ?? '', helm: helm ?? '' });

      expect(now).toEqual(record.variants[variant.name]);
    });
  }
});

describe('the chart with its default values', () => {
  it.each([
    ['base', 'chart-on-1.33'],
    ['from-1.36', 'chart'],
  ])('makes what kustomize makes: of %s, %s', (kustomization, values) => {
    const made = comparable(record.variants[kustomization] ?? []);
    const chart = comparable(record.variants[values] ?? []);

    expect(Object.keys(made).length).toBeGreaterThan(25);
    for (const [key, object] of Object.entries(made)) expect(chart[key], key).toEqual(object);
    expect(Object.keys(chart).sort()).toEqual(Object.keys(made).sort());
  });
});

/** What only one of the two can have: the namespace itself, the chart's test, and its own policy for it. */
const ONLY_ONE = /^(Namespace|Pod) |^NetworkPolicy (carbon-extender-)?test$/;

function comparable(objects: readonly KubeObject[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const object of objects) {
    const name = object.metadata.name.replace(/-[bcdfghkmt2456789]{10}$/, '');
    const short = object.kind === 'NetworkPolicy' ? name.replace(/^carbon-extender-/, '') : name;
    const key = `${object.kind} ${short}`;
    if (!ONLY_ONE.test(key)) found[key] = normal(object);
  }
  return found;
}

/** An object without what packaging adds: labels and annotations of tools, generated suffixes, the other scheduler files. */
function normal(object: KubeObject): unknown {
  const text = JSON.stringify(object, (key, value) => {
    if (key === 'annotations' || key === 'imagePullPolicy') return undefined;
    if (/^app\.kubernetes\.io\/(instance|version|managed-by|part-of)$|^helm\.sh/.test(key)) return undefined;
    // The order of ports means nothing.
    if (key === 'ports' && Array.isArray(value))
      return value.map((port) => JSON.stringify(Object.entries(port).sort())).sort();
    if (typeof value === 'string')
      return (
        value
          .replace(/(carbon-(?:extender|aware)-[a-z-]+)-[bcdfghkmt2456789]{10}$/, '$1')
          // The chart takes the cluster's own version.
          .replace(/(kube-scheduler):v[\d.]+$/, '$1')
      );
    return value;
  });
  const plain = JSON.parse(text) as KubeObject & { data?: Record<string, string>; metadata: { labels?: object } };
  if (object.kind !== 'Service') Reflect.deleteProperty(plain.metadata, 'labels');
  if (object.kind === 'NetworkPolicy' && /default-deny|dns$/.test(object.metadata.name)) plain.spec.podSelector = {};
  if (object.kind === 'NetworkPolicy') Reflect.set(plain.metadata, 'name', '');
  if (object.kind === 'ConfigMap') {
    Reflect.set(plain.metadata, 'name', '');
    for (const file of Object.keys(plain.data ?? {}))
      if (file.endsWith('.yaml') && file !== 'prioritize-only.yaml') Reflect.deleteProperty(plain.data ?? {}, file);
      else if (file.endsWith('.yaml')) Reflect.set(plain.data ?? {}, file, withoutComments(plain.data?.[file] ?? ''));
  }
  return plain;
}

function withoutComments(yaml: string): string {
  return yaml.replace(/^\s*#.*\n/gm, '');
}
