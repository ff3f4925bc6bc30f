// Flow: the helm commands of two energy pipelines' documents, with our chart in the place of theirs, and their values.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../laws/sources.ts';
import { type KubeObject, recorded } from './objects.ts';
import { optionalTool } from './tools.ts';

const helm = optionalTool('helm', 'the helm commands of pipeline documents (their values are checked as recorded)');

/** One object of a set; fails where it is missing. */
function one(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** What a document's `helm install` or `helm upgrade` renders. */
function rendered(command: string): KubeObject[] {
  const words = command
    .replace(/\\\n/g, ' ')
    .replace(/^helm (upgrade --install|install|upgrade) /, '')
    .replace('--create-namespace', '')
    .replace(/\.\/(charts\/energy-pipeline|helm-chart)/, 'k8s/chart')
    .split(/\s+/)
    .filter((word) => word !== '');
  const text = execFileSync(helm ?? '', ['template', '--kube-version=1.36.3', ...words], {
    ...{ cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  });
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

const containersOf = (object: KubeObject) => object.spec.template.spec.containers as { name: string; image: string }[];

describe('the values of energy pipelines', () => {
  const objects = recorded().variants['chart-energy-pipeline'] ?? [];

  it('global.redis.* is the Redis that the API and the workers use, and none is deployed', () => {
    const settings = ['extender', 'readings'].map((name) => one(objects, 'ConfigMap', `carbon-extender-${name}`).data);

    for (const data of settings) expect(data).toMatchObject({ REDIS_HOST: 'redis-master', REDIS_PORT: '6379' });
    expect(objects.filter(({ metadata }) => metadata.name === 'redis')).toEqual([]);
  });

  it('a Redis without a password needs no Secret', () => {
    expect(JSON.stringify(objects)).not.toContain('REDIS_PASSWORD');
    expect(objects.filter(({ kind }) => kind === 'TriggerAuthentication')).toEqual([]);
  });

  it('ingestionApi.* gives pods and image of the API', () => {
    const api = one(objects, 'Deployment', 'carbon-aware-scheduler');

    expect(api.spec.replicas).toBe(2);
    expect(containersOf(api).find(({ name }) => name === 'extender')?.image).toBe(
      'registry.example.com/ingestion-api:1.2',
    );
  });

  it('keda.* scales the workers by the backlog, and then no count is fixed', () => {
    const { spec } = one(objects, 'ScaledObject', 'carbon-extender-readings');
    const triggers = spec.triggers.map(({ type, metadata }: { type: string; metadata: object }) => ({
      type,
      ...metadata,
    }));

    expect(spec).toMatchObject({ minReplicaCount: 2, maxReplicaCount: 8 });
    const stream = {
      ...{ type: 'redis-streams', stream: 'energy_readings', consumerGroup: 'processing_group' },
      address: 'redis-master:6379',
    };
    expect(triggers).toEqual([
      { ...stream, lagCount: '5' },
      { ...stream, pendingEntriesCount: '5' },
    ]);
    expect(one(objects, 'Deployment', 'carbon-extender-readings').spec.replicas).toBeUndefined();
  });
});

describe.skipIf(helm === undefined)('the helm commands of energy pipelines', () => {
  it('install with default values, under the release names of the documents', () => {
    const pipeline = rendered(`helm install energy-pipeline ./charts/energy-pipeline \\
  --namespace energy-pipeline \\
  --create-namespace`);
    const microservices = rendered(
      'helm install energy-microservices ./helm-chart --namespace energy-system --create-namespace',
    );

    for (const [objects, release, namespace] of [
      [pipeline, 'energy-pipeline', 'energy-pipeline'],
      [microservices, 'energy-microservices', 'energy-system'],
    ] as const) {
      const service = one(objects, 'Service', `${release}-carbon-extender-api`);
      expect(service.metadata.namespace).toBe(namespace);
      expect(service.spec.type).toBe('ClusterIP');
      expect(service.spec.ports).toContainEqual({ name: 'http', port: 80, targetPort: 'api' });
    }
  });

  it('take the images of a registry', () => {
    const objects = rendered(`helm upgrade --install energy-pipeline ./charts/energy-pipeline \\
  --namespace energy-pipeline \\
  --create-namespace \\
  --set ingestionApi.image.repository=gcr.io/my-project/ingestion-api \\
  --set processingService.image.repository=gcr.io/my-project/processing-service \\
  --set processingService.replicaCount=3 --set store.mode=db --set service.type=LoadBalancer`);
    const workers = one(objects, 'Deployment', 'energy-pipeline-carbon-extender-readings');

    const images = objects
      .filter(({ kind }) => kind === 'Deployment')
      .flatMap((deployment) => containersOf(deployment).map(({ image }) => image.replace(/:[^:]*$/, '')));
    expect(images).toEqual(
      expect.arrayContaining(['gcr.io/my-project/ingestion-api', 'gcr.io/my-project/processing-service']),
    );
    expect(workers.spec.replicas).toBe(3);
    expect(one(objects, 'Service', 'energy-pipeline-carbon-extender-api').spec.type).toBe('LoadBalancer');
    expect(one(objects, 'Service', 'energy-pipeline-carbon-extender-readings').spec.ports).toEqual([
      { name: 'http', port: 80, targetPort: 'poller' },
    ]);
    expect(one(objects, 'StatefulSet', 'redis').spec.replicas).toBe(1);
  });

  it('enable KEDA, where the readings have a database; without one the message says so', () => {
    const command = `helm upgrade energy-microservices ./helm-chart \\
  --namespace energy-system \\
  --set keda.enabled=true`;
    const { spec } = one(
      rendered(`${command} --set store.mode=db`),
      'ScaledObject',
      'energy-microservices-carbon-extender-readings',
    );

    expect(spec).toMatchObject({ minReplicaCount: 1, maxReplicaCount: 10 });
    expect(() => rendered(command)).toThrow(/keda\.enabled.*needs store\.mode: db/);
  });
});
