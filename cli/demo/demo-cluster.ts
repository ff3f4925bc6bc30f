import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Trace } from '../../shared/grid/trace.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { SimulatedPod } from '../simulated-kepler.ts';
import { startClusterApi } from './cluster-api.ts';
import { arrive, arriveAtFirst, populate, step } from './cluster-life.ts';
import { type ClusterObjects, createClusterObjects } from './cluster-objects.ts';
import { WATTS } from './demo-objects.ts';
import { running, schedulable, schedulePod } from './demo-scheduler.ts';

const TICK_MS = 500;

/** The demo's cluster: an API server, and what lives behind it once it is started. */
export interface DemoCluster extends AsyncDisposable {
  /** A kubeconfig of its API server, for the programs. */
  readonly kubeconfig: string;
  /** The pods that run, as the simulated Kepler measures them. */
  readonly pods: () => readonly SimulatedPod[];
  /** Lets the first batch jobs arrive, on the grid of a trace. */
  fill(trace: Trace): void;
  /** Starts scheduler, controllers and further arrivals, against the webhook at an address. */
  start(webhook: string): void;
}

/** Starts the API server of the demo's cluster, with its nodes and pods, and writes a kubeconfig into a folder. */
export async function startDemoCluster(folder: string, clock: Clock): Promise<DemoCluster> {
  const objects = createClusterObjects(clock);
  populate(objects, clock);
  const api = await startClusterApi(objects);
  const kubeconfig = join(folder, 'kubeconfig.json');
  await writeFileAtomic(kubeconfig, JSON.stringify(kubeconfigOf(`http://127.0.0.1:${api.port}`)));
  const stop = new AbortController();
  let life: Promise<void> | undefined;
  return {
    kubeconfig,
    pods: () => runningPods(objects, clock.now()),
    fill: (trace) => arriveAtFirst(objects, trace, clock.now()),
    start: (webhook) => {
      life ??= live(objects, webhook, clock, stop.signal);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await life;
      await api[Symbol.asyncDispose]();
    },
  };
}

async function live(objects: ClusterObjects, webhook: string, clock: Clock, signal: AbortSignal): Promise<void> {
  let arrivals = 0;
  let nextArrival = clock.now();
  while (!signal.aborted) {
    const now = clock.now();
    if (now >= nextArrival) {
      nextArrival = arrive(objects, arrivals, now);
      arrivals += 1;
    }
    step(objects, now);
    for (const pod of schedulable(objects)) if (!(await schedulePod(objects, pod, webhook, clock))) break;
    await clock.sleep(TICK_MS, signal);
  }
}

function runningPods(objects: ClusterObjects, now: number): SimulatedPod[] {
  return running(objects).flatMap(({ metadata, spec, status }) => {
    if (status?.phase !== 'Running') return [];
    const [container] = (spec?.containers ?? []) as { name: string }[];
    return {
      ...{ namespace: metadata.namespace ?? '', pod: metadata.name, container: container?.name ?? '' },
      node: String(spec?.nodeName),
      watts: Number(metadata.annotations?.[WATTS] ?? 0),
      seconds: Math.max(0, now - Date.parse(String(status.since))) / 1000,
    };
  });
}

function kubeconfigOf(server: string) {
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'demo' },
    clusters: [{ name: 'demo', cluster: { server } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
    users: [{ name: 'demo', user: { token: 'demo' } }],
  };
}
