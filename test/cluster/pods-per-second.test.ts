// Flow: what an extender costs a real kube-scheduler of 1,000 nodes: none, one that does nothing, and ours.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from '../children.ts';
import { cacheText } from '../extender/cache/cache-file.ts';
import { ROOT } from '../laws/sources.ts';
import { eventually, startProcess } from '../started-process.ts';
import { type Api, apiOf, readyNode } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Measured, measuredPod, measureScheduler } from './measured-scheduler.ts';

const assets = clusterAssets();
const ZONES = { SE: 25, FR: 50, GB: 200, DE: 400, PL: 700 };
const NODES = Number(process.env.CLUSTER_NODES ?? 1_000);
const PODS = Number(process.env.CLUSTER_PODS ?? 300);
const ROUNDS = 3;

describe.skipIf(assets === undefined)('pods per second', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'rate-'));
  let plane: ControlPlane;
  let api: Api;
  let ours: number;
  let noOp: number;

  beforeAll(async () => {
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    api = apiOf(plane);
    const zones = Object.keys(ZONES);
    for (let at = 0; at < NODES; at += 50) {
      const names = Array.from({ length: Math.min(50, NODES - at) }, (_, index) => at + index);
      await Promise.all(
        names.map((n) =>
          api.post('/api/v1/nodes', readyNode(`node-${String(n).padStart(5, '0')}`, zones[n % 5] as string)),
        ),
      );
    }
    const cache = join(folder, 'carbon_cache.json');
    writeFileSync(cache, cacheText(ZONES, { at: Date.now(), ttlMinutes: 600 }));
    const extender = stack.use(
      startProcess('extender', {
        ...{ CACHE_FILE: cache, DATA_DIR: join(folder, 'data'), KUBECONFIG: plane.kubeconfig, LOG_LEVEL: 'info' },
        ...{ EXTENDER_PORT: '0', API_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_HOST: '127.0.0.1' },
      }),
    );
    ours = Number((await extender.logged('extender started')).port);
    await eventually(
      () => fetch(`http://127.0.0.1:${ours}/metrics`).then((response) => response.text()),
      (text) => /node_watch_age_seconds \d/.test(text),
    );
    const script = join(ROOT, 'test/bench/scheduler-process.ts');
    const child: ChildProcess = spawn(process.execPath, [script, 'no-op'], { stdio: ['ignore', 'pipe', 'inherit'] });
    stack.defer(() => void child.kill());
    const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
    noOp = Number(line);
  }, 300_000);

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are printed for none, a no-op and ours, whole and sampled, in three rounds by turns', async () => {
    const rows = [100, undefined].flatMap((percentage) =>
      (['none', 'no-op', 'ours'] as const).map((who) => ({
        name: `${percentage === undefined ? 'sampled' : 'all nodes'}: ${who}`,
        configuration: { percentage, extender: { none: undefined, 'no-op': noOp, ours }[who] },
        measured: [] as Measured[],
      })),
    );

    for (let round = 0; round < ROUNDS; round++)
      for (const { configuration, measured } of round % 2 === 0 ? rows : [...rows].reverse()) {
        const pods = Array.from({ length: PODS }, (_, at) => measuredPod(`pod-${round}-${at}`));
        measured.push(await measureScheduler(plane, api, configuration, pods));
      }

    console.log(`${NODES} nodes, ${PODS} pods a run, prioritize only`);
    console.table(
      Object.fromEntries(
        rows.map(({ name, measured }) => [
          name,
          {
            'pods/s': measured.map(({ podsPerSecond }) => podsPerSecond.toFixed(0)).join(', '),
            'scheduling ms a pod': measured.map(({ algorithmMs }) => algorithmMs.toFixed(2)).join(', '),
          },
        ]),
      ),
    );
    for (const { name, measured } of rows)
      for (const { nodes } of measured) expect(nodes.filter(Boolean), name).toHaveLength(PODS);
  }, 900_000);
});
