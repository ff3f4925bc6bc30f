// Flow: a hundred Jobs in a real Kueue over an accelerated day, with the controller killed half-way.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import { type Acceleration, acceleratedNow, intensityAt } from './acceleration.ts';
import type { Api } from './api.ts';
import { clusterAssets } from './assets.ts';
import {
  complete,
  GATES,
  holdsQuota,
  JOBS,
  OURS,
  ours,
  queuedJob,
  WORKLOADS,
  type WorkloadBody,
} from './kueue-jobs.ts';
import { type KueueWorld, startKueueWorld } from './kueue-world.ts';
import { kueueAssets } from './real-kueue.ts';
import { type Replica, startReplica } from './replica.ts';

const assets = kueueAssets(clusterAssets());
const COUNT = 100;
/** Quota for a fifth of the Jobs at a time. */
const CPU = 20;
const FOREIGN = 'example.com/budget';
const RUN_MS = HOUR_MS / 2;
const LIMIT_MS = 400_000;

interface JobBody {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations: Record<string, string> };
  readonly spec: { readonly suspend?: boolean };
  readonly status?: { readonly completionTime?: string };
}

describe.skipIf(assets === undefined)('a hundred Jobs in a real Kueue', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'kueue-trace-'));
  let world: KueueWorld;
  let acceleration: Acceleration;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    world = await startKueueWorld(stack, { assets: assets ?? '', folder, cpu: CPU });
    // An hour of the trace takes 15 seconds; the period is 20 minutes of it, which leaves a slow machine 5 seconds.
    acceleration = { from: Date.now(), factor: 240, periodMs: HOUR_MS / 3 };
    await Promise.all(['a', 'b'].map(start));
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'hold no quota while they wait, start before their deadlines in cleaner hours, though the leader was killed half-way',
    async () => {
      const { api } = world;
      const submitted = submit(api);
      const run = createRun(api, acceleration);
      const halfWay = acceleration.from + (2.5 * HOUR_MS) / acceleration.factor;
      let killed: string | undefined;

      for (;;) {
        await run.observe();
        if (killed === undefined && Date.now() > halfWay) killed = await killLeader();
        if (run.jobs.filter(({ metadata }) => metadata.annotations[RELEASED]).length === COUNT) break;
        await wait(100);
      }
      await submitted;
      const { jobs } = run;

      expect(killed).toMatch(/^[ab]$/);
      expect(run.quotaWhileGated).toEqual([]);
      const late = jobs.filter(
        ({ metadata: { annotations } }) => at(annotations, RELEASED) > at(annotations, DEADLINE),
      );
      expect(late.map(({ metadata }) => metadata.name)).toEqual([]);
      const foreign = jobs.filter(({ metadata }) => metadata.name.endsWith('0'));
      expect(foreign.map(({ metadata }) => metadata.annotations[GATES])).toEqual(foreign.map(() => FOREIGN));
      const ofForeign = () => run.workloads.filter(({ metadata }) => metadata.annotations?.[GATES] === FOREIGN);
      await expect.poll(() => run.observe().then(ofForeign), { timeout: 60_000 }).toHaveLength(foreign.length);
      expect(ofForeign().filter(holdsQuota)).toEqual([]);
      const own = jobs.filter(({ metadata }) => !metadata.name.endsWith('0'));
      const [atOnce, waited] = ['carbon-extender.io/test-arrival', RELEASED].map(
        (name) =>
          own.reduce((sum, { metadata }) => sum + intensityAt(acceleration, at(metadata.annotations, name)), 0) /
          own.length,
      );
      process.stdout.write(
        `kueue: ${own.length} Jobs, mean ${atOnce?.toFixed(0)} g/kWh on arrival, ${waited?.toFixed(0)} on release\n`,
      );
      expect(waited).toBeLessThan((atOnce ?? 0) * 0.75);
      // Released work is admitted as quota becomes free.
      await expect.poll(() => run.observe().then(run.completed), { timeout: 120_000 }).toBe(own.length);
    },
    LIMIT_MS,
  );

  async function start(identity: string): Promise<void> {
    replicas.push(stack.use(await startReplica({ kubeconfig: world.kubeconfig, identity, acceleration })));
  }

  /** Ends the leader as a lost node would, and starts the replica that Kubernetes would make in its place. */
  async function killLeader(): Promise<string | undefined> {
    const path = '/apis/coordination.k8s.io/v1/namespaces/carbon-extender/leases/carbon-extender-deferral';
    const { holderIdentity } = (await world.api.get(path)).body.spec;
    const leader = replicas.find(({ identity }) => identity === holderIdentity);
    await leader?.kill();
    void start('c');
    return leader?.identity;
  }

  /** One Job every 0.3 seconds; the waits that they may have end evenly over the next hours. Every tenth has another's gate. */
  async function submit(api: Api): Promise<void> {
    for (let index = 0; index < COUNT; index++) {
      await wait(Math.max(0, acceleration.from + index * 300 - Date.now()));
      const now = acceleratedNow(acceleration);
      const slack = (0.5 + (index % 9) * 0.5) * HOUR_MS;
      const annotations = ours({ deadline: isoTime(now + slack), duration: '30m', 'test-arrival': isoTime(now) });
      const foreign = index % 10 === 0 ? { [GATES]: FOREIGN } : {};
      const { status, body } = await api.post(JOBS, queuedJob(`job-${index}`, { ...annotations, ...foreign }));
      if (status !== 201) throw new Error(JSON.stringify(body));
    }
  }
});

const RELEASED = 'carbon-extender.io/released-at';
const DEADLINE = 'carbon-extender.io/deadline';

function at(annotations: Readonly<Record<string, string>>, name: string): number {
  return Date.parse(annotations[name] ?? '');
}

/** Observes Jobs and Workloads, and ends the Jobs that run as the Job controller would. */
function createRun(api: Api, { factor }: Acceleration) {
  const startedAt = new Map<string, number>();
  const completed = new Set<string>();
  const run = {
    jobs: [] as readonly JobBody[],
    workloads: [] as readonly WorkloadBody[],
    /** Jobs that held quota behind our gate. */
    quotaWhileGated: [] as string[],
    completed: () => completed.size,
    async observe() {
      // Workloads first: what holds quota before its Job is seen behind the gate has held it behind the gate.
      run.workloads = (await api.get(WORKLOADS)).body.items;
      run.jobs = (await api.get(JOBS)).body.items;
      const gated = new Set(
        run.jobs
          .filter(({ metadata }) => metadata.annotations[GATES]?.includes(OURS))
          .map(({ metadata }) => metadata.uid),
      );
      for (const workload of run.workloads.filter(holdsQuota))
        if (workload.metadata.ownerReferences?.some(({ uid }) => gated.has(uid)))
          run.quotaWhileGated.push(workload.metadata.name);
      for (const { metadata, spec } of run.jobs) {
        if (spec.suspend !== false || completed.has(metadata.name)) continue;
        const began = startedAt.get(metadata.name) ?? Date.now();
        startedAt.set(metadata.name, began);
        if (Date.now() - began < RUN_MS / factor) continue;
        completed.add(metadata.name);
        await complete(api, metadata.name, began);
      }
    },
  };
  return run;
}
