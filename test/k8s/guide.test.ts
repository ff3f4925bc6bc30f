// Flow: the commands, links and names in the pages that operators follow.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../laws/sources.ts';
import { everyObject, recorded } from './objects.ts';
import { VARIANTS } from './variants.ts';

const PAGES = ['docs/kubernetes.md', 'docs/runbook.md', 'docs/security.md', 'docs/migration.md', 'README.md'];
const pages = PAGES.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const guide = pages[0]?.text ?? '';
const commands = pages
  .flatMap(({ text }) => [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? ''))
  .join('\n');

/** Folders that a reader makes. */
const MADE_BY_THE_READER = new Set(['my-cluster']);

describe('the pages about Kubernetes', () => {
  it('name folders and files that exist', () => {
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/(?:k8s|test\/cluster)\/[\w./-]*[\w-]/g)].map(([path]) => path),
    );

    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('link to pages that exist, and to headings in them', () => {
    const dead = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
        .map(([, file, heading]) => ({ target: join(ROOT, path, '..', file || path.split('/').pop() || ''), heading }))
        .filter(({ target, heading }) => !existsSync(target) || (heading && !headingsOf(target).includes(heading)))
        .map(({ target, heading }) => `${path}: ${target}#${heading ?? ''}`),
    );

    expect(dead).toEqual([]);
  });

  it('apply only what is shipped', () => {
    const applied = [...commands.matchAll(/(?:apply|delete) -k (\S+)/g)].map(([, folder]) => folder ?? '');
    const shipped = VARIANTS.flatMap((variant) => ('kustomization' in variant ? [variant.kustomization] : []));

    expect(applied.length).toBeGreaterThan(3);
    expect(applied.filter((folder) => !MADE_BY_THE_READER.has(folder) && !shipped.includes(folder))).toEqual([]);
  });

  it('speak of objects that the manifests make', () => {
    const made = new Set(everyObject().map(({ object }) => `${object.kind.toLowerCase()}/${object.metadata.name}`));
    const leases = ['lease/carbon-aware-scheduler', 'lease/carbon-extender-deferral'];
    const spoken = [
      ...`${commands}\n${guide}`.matchAll(
        /\b(deployment|service|statefulset|cronjob|lease)[/ ]((?:carbon|timescaledb|redis)[\w-]*)/g,
      ),
    ];

    expect(spoken.length).toBeGreaterThan(10);
    expect(
      spoken.map(([, kind, name]) => `${kind}/${name}`).filter((one) => !made.has(one) && !leases.includes(one)),
    ).toEqual([]);
  });

  it('make every Secret that a manifest needs', () => {
    const texts = Object.values(recorded().variants)
      .map((objects) => JSON.stringify(objects))
      .join('\n');
    const needed = new Set(
      [...texts.matchAll(/"(?:secretName|secretKeyRef":\{"key":"\w+","name)":"([\w-]+)"/g)].map(([, name]) => name),
    );
    const made = [...guide.matchAll(/create secret generic ([\w-]+)/g)].map(([, name]) => name ?? '');
    const shipped = everyObject().filter(({ object }) => object.kind === 'Secret');
    const created = [...made, ...shipped.map(({ object }) => object.metadata.name)];

    expect(needed.size).toBeGreaterThan(2);
    expect([...needed].filter((name) => !created.includes(name ?? ''))).toEqual([]);
  });

  it('set only values that the chart has', () => {
    const values = parse(readFileSync(join(ROOT, 'k8s/chart/values.yaml'), 'utf8'));
    const notes = readFileSync(join(ROOT, 'k8s/chart/templates/NOTES.txt'), 'utf8');
    const set = [...`${guide}\n${notes}`.matchAll(/--set\s+([\w.]+)=/g)].map(([, path]) => path ?? '');

    expect(set.length).toBeGreaterThan(3);
    expect(set.filter((path) => !has(values, path.split('.')))).toEqual([]);
  });
});

/** Whether a path leads to a value; any name may follow `settings`, which the chart's schema checks. */
function has(value: unknown, [first, ...rest]: string[]): boolean {
  if (first === undefined) return true;
  if (value === null || typeof value !== 'object') return false;
  if (first === 'settings') return true;
  return first in value && has((value as Record<string, unknown>)[first], rest);
}

function headingsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
