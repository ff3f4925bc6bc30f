import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type Api, podFor } from './api.ts';
import type { ControlPlane, Scheduler } from './control-plane.ts';

/** How a kube-scheduler is configured for one measurement. */
export interface MeasuredConfiguration {
  /** Port of the extender; undefined for none. */
  readonly extender?: number | undefined;
  readonly weight?: number;
  /** percentageOfNodesToScore; undefined leaves the sampling to kube-scheduler. */
  readonly percentage?: number | undefined;
}

/** What was measured of some pods that a kube-scheduler found waiting when it started. */
export interface Measured {
  readonly podsPerSecond: number;
  /** Mean of scheduling_algorithm_duration_seconds, in milliseconds. */
  readonly algorithmMs: number;
  /** The node of each pod. */
  readonly nodes: readonly string[];
}

const WARM_UP_PODS = 20;
const POLL_MS = 20;

/**
 * Creates pods, lets a kube-scheduler of its own place them, and removes them. The clock runs from the 20th placed pod to
 * the last one: neither the scheduler's start nor the creation of pods counts.
 */
export async function measureScheduler(
  plane: ControlPlane,
  api: Api,
  configuration: MeasuredConfiguration,
  pods: readonly object[],
): Promise<Measured> {
  const path = '/api/v1/namespaces/default/pods';
  for (let at = 0; at < pods.length; at += 50)
    for (const { status, body } of await Promise.all(pods.slice(at, at + 50).map((pod) => api.post(path, pod))))
      if (status !== 201) throw new Error(`a pod was not created: ${status} ${JSON.stringify(body)}`);
  await using scheduler = await plane.startScheduler(configurationText(configuration), 0);
  const started = await whenPlaced(plane, scheduler, Math.min(WARM_UP_PODS, pods.length - 1));
  const ended = await whenPlaced(plane, scheduler, pods.length);
  const { body } = await api.get(path);
  const nodes = (body.items as { spec: { nodeName?: string } }[]).map(({ spec }) => spec.nodeName ?? '');
  const seconds = (ended.at - started.at) / 1_000;
  const [sum, count] = ['sum', 'count'].map((part) =>
    metricValue(ended.metrics, `scheduler_scheduling_algorithm_duration_seconds_${part}`),
  );
  await api.remove(`${path}?gracePeriodSeconds=0`);
  return {
    podsPerSecond: (ended.placed - started.placed) / seconds,
    algorithmMs: ((sum ?? 0) / (count ?? 1)) * 1_000,
    nodes,
  };
}

/** A pod of the measured scheduler, with one core's worth of requests and perhaps some placement rules. */
export function measuredPod(name: string, spec: object = {}): object {
  const pod = podFor(name) as { metadata: object; spec: { containers: object[] } };
  const containers = [{ name: 'app', image: 'none.example/app:1', resources: { requests: { cpu: '1' } } }];
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { app: 'measured' } },
    spec: { ...pod.spec, schedulerName: 'measured', containers, ...spec },
  };
}

function configurationText({ extender, weight = 1, percentage }: MeasuredConfiguration): string {
  const extenders = `extenders:
- urlPrefix: http://127.0.0.1:${extender}
  prioritizeVerb: prioritize
  weight: ${weight}
  nodeCacheCapable: true
  ignorable: true
  httpTimeout: 2s
`;
  return `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: measured
${percentage === undefined ? '' : `  percentageOfNodesToScore: ${percentage}\n`}clientConnection:
  qps: 5000
  burst: 5000
${extender === undefined ? '' : extenders}`;
}

async function whenPlaced({ ca, token }: ControlPlane, { server }: Scheduler, count: number) {
  const dispatcher = new Agent({ connect: { ca } });
  const headers = { authorization: `Bearer ${token}` };
  for (;;) {
    const response = await request(`${server}/metrics`, { dispatcher, headers });
    const metrics = await response.body.text();
    const placed = metricValue(metrics, 'scheduler_schedule_attempts_total\\{[^}]*result="scheduled"[^}]*\\}');
    if (placed >= count) {
      await dispatcher.destroy();
      return { at: performance.now(), placed, metrics };
    }
    await sleep(POLL_MS);
  }
}

/** The value of a metric by the pattern of its name and labels; 0 while it is not there. */
function metricValue(metrics: string, pattern: string): number {
  return Number(new RegExp(`^${pattern} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
