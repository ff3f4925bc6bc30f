// Flow: the CI workflow against the files and scripts that it runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { extenderConfigSchema } from '../../extender/config.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { pollerConfigSchema } from '../../poller/config.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { ROOT } from '../laws/sources.ts';
import { everyPod } from './objects.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const text = read('.github/workflows/ci.yaml');
const { jobs } = parse(text) as { jobs: Record<string, { needs?: string | string[]; steps: Step[] }> };
const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
const everyCommand = [...commands, read('.ci/run')].join('\n');

interface Step {
  readonly run?: string;
  readonly with?: Record<string, string>;
}

describe('the workflow', () => {
  it('runs scripts, files and folders that exist', () => {
    const scripts = [...everyCommand.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
    const paths = [...everyCommand.matchAll(/(?<![\w/])(?:\.ci|test|k8s)\/[\w./-]*\w/g)].map(([path]) => path);

    expect(scripts.length).toBeGreaterThan(1);
    expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    expect(paths.length).toBeGreaterThan(4);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('needs jobs that exist, and every check before anything is published or deployed', () => {
    const needed = (name: string) => [jobs[name]?.needs ?? []].flat();

    expect(Object.keys(jobs).flatMap((name) => needed(name).filter((other) => !(other in jobs)))).toEqual([]);
    expect(needed('images')).toEqual(expect.arrayContaining(['test', 'manifests']));
    expect(needed('deploy')).toEqual(expect.arrayContaining(['images', 'cluster']));
  });

  it('publishes images under the names that the manifests pull, and deploys the version that it published', () => {
    const [tags] = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.with?.tags ?? []));
    const pulled = new Set(
      everyPod()
        .flatMap(({ spec }) => spec.containers.map(({ image }) => image.split(':')[0] ?? ''))
        .filter((image) => image.startsWith('ghcr.io/')),
    );
    const published = ['poller', 'extender'].map((program) =>
      tags
        ?.replace(/\$\{\{ github.repository_owner \}\}/, 'carbon-extender')
        .replace(/\$\{\{ matrix.program \}\}/, program)
        .replace(/:.*/, ''),
    );

    expect([...pulled].sort()).toEqual([...published].sort());
    for (const program of ['poller', 'extender']) {
      expect(everyCommand).toContain(
        `--set images.${program}.repository=ghcr.io/\${{ github.repository_owner }}/${program}`,
      );
      expect(everyCommand).toContain(`--set images.${program}.tag="$VERSION"`);
    }
  });

  it('deploys on pushes to main and tags, only where a variable says so, by kubeconfig or without a stored key', () => {
    const deploy = jobs.deploy as unknown as { if: string; steps: { if?: string; uses?: string; run?: string }[] };
    const stepsFor = (target: string) =>
      deploy.steps.filter((step) => step.if === `vars.DEPLOY_TO == '${target}'`).map(({ uses, run }) => uses ?? run);

    expect(parse(text).on.push.branches).toEqual(['main']);
    expect(deploy.if).toContain("github.event_name == 'push' && contains(");
    for (const target of ['kubeconfig', 'gke', 'eks']) expect(deploy.if).toContain(`"${target}"`);
    expect(stepsFor('kubeconfig').join()).toContain('base64 --decode');
    expect(stepsFor('gke').join()).toMatch(/google-github-actions\/auth@.*get-gke-credentials@/);
    expect(stepsFor('eks').join()).toMatch(/configure-aws-credentials@.*update-kubeconfig/s);
  });
});

describe('Prometheus on a laptop', () => {
  it('asks every program at the port where it listens', () => {
    const { scrape_configs } = parse(read('k8s/compose/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const { POLLER_PORT } = loadConfig('poller', pollerConfigSchema, {});
    const { EXTENDER_PORT, API_PORT } = loadConfig('extender', extenderConfigSchema, {});

    const targets = scrape_configs.flatMap((job) => job.static_configs.flatMap((config) => config.targets));

    expect(targets).toEqual(
      expect.arrayContaining([`poller:${POLLER_PORT}`, `extender:${EXTENDER_PORT}`, `extender:${API_PORT}`]),
    );
  });
});
