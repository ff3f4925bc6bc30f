// Flow: what the weight of a real kube-scheduler's extender does to the pod's own spreading, affinity and preferences.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheText } from '../extender/cache/cache-file.ts';
import { eventually, startProcess } from '../started-process.ts';
import { type Api, apiOf, readyNode } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { measuredPod, measureScheduler } from './measured-scheduler.ts';

const assets = clusterAssets();
const ZONES = { SE: 25, FR: 50, GB: 200, DE: 400, PL: 700 } as const;
const NAMES = Object.keys(ZONES) as (keyof typeof ZONES)[];
const NODES = 50;
const PODS = Number(process.env.CLUSTER_PODS ?? 150);
const WEIGHTS = ['none', 1, 5, 100] as const;

const zoneKey = 'carbon-extender.io/zone';
const labelSelector = { matchLabels: { app: 'measured' } };
const term = { topologyKey: 'kubernetes.io/hostname', labelSelector };
const toPoland = { matchExpressions: [{ key: zoneKey, operator: 'In', values: ['PL'] }] };
const spread = { maxSkew: 1, topologyKey: zoneKey, labelSelector };

/** What pods ask for, by the words of the table. */
const CONSTRAINTS: Readonly<Record<string, object>> = {
  plain: {},
  'soft spread over zones': { topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: 'ScheduleAnyway' }] },
  'preferred anti-affinity by host': {
    affinity: {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
    },
  },
  'preferred node affinity to PL': {
    affinity: {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: toPoland }] },
    },
  },
  'hard spread over zones': { topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: 'DoNotSchedule' }] },
};

describe.skipIf(assets === undefined)('the weight of the extender', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'weight-'));
  let plane: ControlPlane;
  let api: Api;
  let extender: number;

  beforeAll(async () => {
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    api = apiOf(plane);
    for (let n = 0; n < NODES; n++) await api.post('/api/v1/nodes', readyNode(`node-${n}`, NAMES[n % 5] as string));
    const cache = join(folder, 'carbon_cache.json');
    writeFileSync(cache, cacheText(ZONES, { at: Date.now(), ttlMinutes: 600 }));
    const started = stack.use(
      startProcess('extender', {
        ...{ CACHE_FILE: cache, DATA_DIR: join(folder, 'data'), KUBECONFIG: plane.kubeconfig, LOG_LEVEL: 'info' },
        ...{ EXTENDER_PORT: '0', API_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_HOST: '127.0.0.1' },
      }),
    );
    extender = Number((await started.logged('extender started')).port);
    await eventually(
      () => fetch(`http://127.0.0.1:${extender}/metrics`).then((response) => response.text()),
      (text) => /node_watch_age_seconds \d/.test(text),
    );
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is printed as pods by zone and mean grams; the shipped 1 is cleaner than none and keeps what the pod asks for', async () => {
    const rows: Record<string, Record<string, string>> = {};
    const found = new Map<string, readonly number[]>();
    for (const [name, spec] of Object.entries(CONSTRAINTS))
      for (const weight of WEIGHTS) {
        const pods = Array.from({ length: PODS }, (_, at) => measuredPod(`pod-${at}`, spec));
        const configuration = weight === 'none' ? {} : { extender, weight };
        const { nodes } = await measureScheduler(plane, api, { ...configuration, percentage: 100 }, pods);
        const counts = NAMES.map((zone) => nodes.filter((node) => zoneOf(node) === zone).length);
        found.set(`${name} ${weight}`, counts);
        rows[name] = { ...rows[name], [`weight ${weight}`]: `${counts.join('/')} ${meanGrams(counts).toFixed(0)} g` };
      }

    console.log(`${PODS} pods by zone (${NAMES.map((zone) => `${zone} ${ZONES[zone]} g`).join(', ')}) and their mean`);
    console.table(rows);
    const counts = (row: string) => found.get(row) ?? [];
    expect(meanGrams(counts('plain 1'))).toBeLessThan(meanGrams(counts('plain none')));
    expect(counts('hard spread over zones 100')).toEqual(counts('hard spread over zones none'));
    expect(counts('preferred node affinity to PL 1')).toEqual(counts('preferred node affinity to PL none'));
    expect(Math.min(...counts('soft spread over zones 1'))).toBeGreaterThan(0);
  }, 900_000);
});

function zoneOf(node: string): string | undefined {
  return NAMES[Number(node.replace('node-', '')) % 5];
}

function meanGrams(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, index) => sum + count * ZONES[NAMES[index] as keyof typeof ZONES], 0) / total;
}
