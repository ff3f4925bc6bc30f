// Flow: the window of a CronJob becomes the max-delay of its runs, by the shipped policies on a real API server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recorded } from '../k8s/objects.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf, applyAll } from './api.ts';
import { clusterAssets } from './assets.ts';
import { startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const CRON_JOBS = '/apis/batch/v1/namespaces/default/cronjobs';
const WINDOW = 'carbon-extender.io/window';
const MAX_DELAY = 'carbon-extender.io/max-delay';

describe.skipIf(assets === undefined)('a CronJob with a window', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'window-'));
  let api: Api;

  beforeAll(async () => {
    const plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    api = apiOf(plane);
    expect(await applyAll(api, recorded().variants['from-1.36'] ?? [])).toEqual([]);
    // The policies take effect a moment after they were accepted.
    await eventually(
      () => api.post(`${CRON_JOBS}?dryRun=All`, cronJob('probe', { window: '6h' })),
      ({ body }) => maxDelays(body)[1] !== undefined,
    );
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets each of its runs wait that long: the pods, and the Jobs for Kueue', async () => {
    await api.post(CRON_JOBS, cronJob('nightly', { window: '6h' }));

    const { body } = await api.get(`${CRON_JOBS}/nightly`);

    expect(maxDelays(body)).toEqual(['6h', '6h']);
  });

  it('has runs that follow when it is changed', async () => {
    await api.post(CRON_JOBS, cronJob('changed', { window: '6h' }));

    await api.patch(`${CRON_JOBS}/changed`, 'merge-patch+json', { metadata: { annotations: { [WINDOW]: '3h' } } });

    expect(maxDelays((await api.get(`${CRON_JOBS}/changed`)).body)).toEqual(['3h', '3h']);
  });

  it('does not touch a max-delay that its template has, nor a CronJob without a window', async () => {
    await api.post(CRON_JOBS, cronJob('own', { window: '6h', maxDelay: '1h' }));
    await api.post(CRON_JOBS, cronJob('none', {}));

    expect(maxDelays((await api.get(`${CRON_JOBS}/own`)).body)).toEqual(['6h', '1h']);
    expect(maxDelays((await api.get(`${CRON_JOBS}/none`)).body)).toEqual([undefined, undefined]);
  });

  it('makes pods that are gated: a run waits by the same machinery as any pod', async () => {
    const { body } = await api.post(CRON_JOBS, cronJob('hourly', { window: '6h' }));
    const { metadata, spec } = body.spec.jobTemplate.spec.template;
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: 'hourly-29930140',
      uid: body.metadata.uid,
      controller: true,
    };

    const pod = await api.post('/api/v1/namespaces/default/pods', {
      ...{ apiVersion: 'v1', kind: 'Pod', spec },
      metadata: { ...metadata, name: 'hourly-29930140-x', namespace: 'default', ownerReferences: [owner] },
    });

    expect(pod.body.spec.schedulingGates).toEqual([{ name: 'carbon-extender.io/wait' }]);
  });
});

/** max-delay of the Jobs and of the pods that a CronJob makes. */
function maxDelays({ spec }: { spec?: CronJobSpec }): (string | undefined)[] {
  const { metadata, spec: job } = spec?.jobTemplate ?? {};
  return [metadata?.annotations?.[MAX_DELAY], job?.template.metadata?.annotations?.[MAX_DELAY]];
}

interface Annotated {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

interface CronJobSpec {
  readonly jobTemplate: Annotated & { readonly spec: { readonly template: Annotated } };
}

function cronJob(name: string, { window, maxDelay }: { window?: string; maxDelay?: string }): object {
  const template = {
    ...(maxDelay && { metadata: { annotations: { [MAX_DELAY]: maxDelay } } }),
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'none.example/app:1' }] },
  };
  return {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
    metadata: { name, namespace: 'default', ...(window && { annotations: { [WINDOW]: window } }) },
    spec: { schedule: '0 * * * *', jobTemplate: { spec: { template } } },
  };
}
