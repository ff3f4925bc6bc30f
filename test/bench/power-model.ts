import { readDcgm } from '../../poller/power/dcgm/dcgm-body.ts';
import { gpuStep } from '../../poller/power/dcgm/gpu-energy.ts';
import { KeplerBody } from '../../poller/power/kepler/body.ts';
import { readKepler } from '../../poller/power/kepler/reader.ts';
import { readKubeletUsage } from '../../poller/power/usage/kubelet-body.ts';
import { usageStep } from '../../poller/power/usage/node-usage.ts';
import { type BackTest, backTestFamilies, backTestGeneric } from '../../shared/power-model/back-test.ts';
import { nodePowerModels } from '../../shared/power-model/node-model.ts';
import { SERVERS } from '../../shared/power-model/servers.ts';

const CONTAINERS = 1_000;
const RUNS = 30;

/** How well the models of machines hold on servers that they have not seen, and what each source costs. */
export async function benchPowerModel(): Promise<void> {
  console.log('back-test over SPECpower, a fifth held out five times; nominal coverage 80 %');
  print('generic, CPU models held out', backTestGeneric(SERVERS));
  print('microarchitectures, servers held out', backTestFamilies(SERVERS));
  console.log(`\nCPU time for ${CONTAINERS} containers, median of ${RUNS}, ms`);
  const kepler = keplerBody();
  const kubelet = [0, 15].map((seconds) => kubeletBody(1_700_000_000_000 + seconds * 1_000, seconds));
  cost('kepler: body to counters', () => readKepler(kepler));
  cost('prometheus: JSON to counters', prometheusRun());
  cost('usage: body to modelled joules', usageRun(kubelet));
  await costOf('dcgm: body to joules', await dcgmRun());
}

function print(name: string, test: BackTest): void {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  console.log(
    `${name}: ${test.servers} servers; within bounds: idle ${percent(test.idleCoverage)}, dynamic ${percent(test.dynamicCoverage)}; median error: idle ${percent(test.idleError)}, dynamic ${percent(test.dynamicError)}`,
  );
}

function cost(name: string, run: () => unknown): void {
  const took: number[] = [];
  for (let round = -5; round < RUNS; round += 1) {
    const start = performance.now();
    run();
    if (round >= 0) took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  console.log(`${name}: ${took[RUNS / 2]?.toFixed(2)}`);
}

async function costOf(name: string, run: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let round = -5; round < RUNS; round += 1) {
    const start = performance.now();
    await run();
    if (round >= 0) took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  console.log(`${name}: ${took[RUNS / 2]?.toFixed(2)}`);
}

/** 125 nodes with eight cards each, every one held by a container. */
async function dcgmRun(): Promise<() => Promise<unknown>> {
  const bodies = [0, 15_000].map((ms) => Buffer.from(dcgmBody(ms)));
  const moment = (ms: number) => ({ at: 1_700_000_000_000 + ms, monotonic: ms });
  const limits = { maxGapMs: 82_500, maxContainerRate: 20_000, maxNodeRate: 20_000_000 };
  const read = async (body: Buffer) => (await readDcgm('n', [body] as unknown as AsyncIterable<Uint8Array>)).gpus;
  const { memory } = gpuStep(undefined, await read(bodies[0] as Buffer), moment(0), limits);
  return async () => gpuStep(memory, await read(bodies[1] as Buffer), moment(15_000), limits);
}

function dcgmBody(ms: number): string {
  const cards = Array.from({ length: CONTAINERS }, (_, index) => {
    const holder = `container="app",namespace="ml",pod="train-${index}"`;
    const labels = `gpu="${index % 8}",UUID="GPU-${index}",device="nvidia${index % 8}",modelName="A100",Hostname="n-${index >> 3}",${holder}`;
    return [
      `DCGM_FI_DEV_POWER_USAGE{${labels}} 250`,
      `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} ${1e9 + 250 * ms}`,
      `DCGM_FI_DEV_FB_USED{${labels}} 1024`,
    ];
  });
  return `${cards.flat().join('\n')}\n`;
}

function usageRun([first = '', second = '']: readonly string[]): () => unknown {
  const model = nodePowerModels()({ vcpus: 64, memoryGb: 256 });
  if (model === undefined) throw new Error('the generic model needs no more than CPUs');
  const rules = { node: 'n', model, maxGapMs: 82_500 };
  const { memory } = usageStep(undefined, readKubeletUsage('n', first), rules);
  return () => usageStep(memory, readKubeletUsage('n', second), rules);
}

/** A response with one scrape: the same series as the body of Kepler, as JSON. */
function prometheusRun(): () => unknown {
  const result = containers().flatMap(({ labels, pod }) => [
    ...['package', 'dram'].map((zone) => ({
      metric: { __name__: 'kepler_container_cpu_joules_total', ...labels, zone },
      values: [[1_700_000_000, '1234.5']],
    })),
    { metric: { __name__: 'kepler_pod_cpu_joules_total', ...pod }, values: [[1_700_000_000, '1234.5']] },
  ]);
  const text = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  return () => {
    const body = new KeplerBody();
    const parsed = JSON.parse(text) as { data: { result: typeof result } };
    for (const { metric, values } of parsed.data.result)
      body.take({
        metric: metric.__name__,
        labels: new Map(Object.entries(metric)),
        value: Number(values[0]?.[1]),
      });
    return body.finish();
  };
}

function keplerBody(): Buffer {
  const lines = containers().flatMap(({ labels, pod }) => [
    ...['package', 'dram'].map((zone) => `kepler_container_cpu_joules_total{${text({ ...labels, zone })}} 1234.5`),
    `kepler_pod_cpu_joules_total{${text(pod)}} 1234.5`,
  ]);
  return Buffer.from(`${lines.join('\n')}\n`);
}

function kubeletBody(at: number, seconds: number): string {
  const names = Array.from({ length: CONTAINERS }, (_, n) => `container="app",namespace="ns-${n % 20}",pod="pod-${n}"`);
  const lines = [
    '# TYPE container_cpu_usage_seconds_total counter',
    ...names.map(
      (labels, n) => `container_cpu_usage_seconds_total{${labels}} ${1000 + seconds * 0.01 * (n % 5)} ${at}`,
    ),
    '# TYPE container_memory_working_set_bytes gauge',
    ...names.map((labels) => `container_memory_working_set_bytes{${labels}} 3.4869248e+07 ${at}`),
    '# TYPE container_start_time_seconds gauge',
    ...names.map((labels) => `container_start_time_seconds{${labels}} 1.6e+09`),
    '# TYPE node_cpu_usage_seconds_total counter',
    `node_cpu_usage_seconds_total ${90_000 + seconds * 30} ${at}`,
    '# TYPE resource_scrape_error gauge',
    'resource_scrape_error 0',
  ];
  return `${lines.join('\n')}\n`;
}

function containers() {
  return Array.from({ length: CONTAINERS }, (_, n) => {
    const pod_id = `0a0a0a0a-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const id = n.toString(16).padStart(64, '0');
    const own = { container_id: id, container_name: 'app', node_name: 'n', pod_id, runtime: 'containerd' };
    const pod = { node_name: 'n', pod_id, pod_name: `pod-${n}`, pod_namespace: 'ns', zone: 'package' };
    return { labels: { ...own, state: 'running' }, pod };
  });
}

function text(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
}
