import type { ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { listen, pathOf } from '../../shared/runtime/http-server.ts';

/** How the double misbehaves; `ok` is a healthy exporter. */
export type KeplerMode =
  | 'ok'
  | 'html'
  | 'truncated'
  | 'cut-connection'
  | 'unknown-metrics'
  | 'malformed-lines'
  | 'slow'
  | 'error';

/** A container of the double, drawing constant power since `startedAt` (default: since the double's start). */
export interface SimulatedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  watts: number;
  /** What it draws on a GPU, which only the rewrite of the double counts. Default: 0. */
  readonly gpuWatts?: number;
  /** Node that it runs on. Default: the double's own. */
  readonly node?: string;
}

/** What the double is and does. */
export interface KeplerDoubleOptions {
  readonly generation: 'classic' | 'rewrite';
  readonly clock: Clock;
  readonly node?: string;
  readonly containers: SimulatedContainer[];
  /** What the rewrite exposes of the node itself; absent: its node level is off. */
  readonly nodeUse?: { watts: number; usageRatio: number; processors: number };
  /** Watts of idle cores and of processes outside containers that the rewrite exposes; absent: it does not. */
  readonly beside?: { idleWatts: number; systemWatts: number };
  /** Kepler runs without Kubernetes: no names of nodes and pods. */
  readonly withoutKubernetes?: boolean;
}

/** A running double; `mode` may be changed at any time. */
export interface KeplerDouble extends AsyncDisposable {
  readonly url: string;
  mode: KeplerMode;
  /** Counters begin at zero again, as after a restart of the exporter. */
  restart(): void;
  readonly scrapes: number;
}

/** core lies within package, psys around it: a reader that adds them up gets more than the container used. */
const ZONE_SHARES = { core: 0.6, dram: 0.25, package: 0.75, psys: 1.4 };
const PAGE = '<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n';
/** Lines of Kepler's metrics that are not valid: no number, half a label set, no value, below zero, not a number. */
export const MALFORMED: readonly string[] = [
  'kepler_container_cpu_joules_total{container_id="m1",zone="package"} many',
  'kepler_container_cpu_joules_total{container_id="m2",zone="package" 12',
  'kepler_container_cpu_joules_total{container_id="m3",zone="package"}',
  'kepler_container_cpu_joules_total{container_id="m4",zone="package"} -3',
  'kepler_container_cpu_joules_total{container_id="m5",zone="package"} NaN',
];
const FOREIGN = '# TYPE go_goroutines gauge\ngo_goroutines 12\n# TYPE up gauge\nup 1\n';

/** Serves /metrics like Kepler: counters in joules that grow by each container's watts with the given clock. */
export async function startKeplerDouble(options: KeplerDoubleOptions): Promise<KeplerDouble> {
  const { clock } = options;
  let since = clock.monotonic();
  let scrapes = 0;
  const server = await listen(
    (request, response) => {
      if (pathOf(request) !== '/metrics') return void response.writeHead(404).end();
      scrapes += 1;
      respond(response, double.mode, exposition(options, (clock.monotonic() - since) / 1000));
    },
    { host: '127.0.0.1', port: 0 },
  );
  const double = {
    url: `http://127.0.0.1:${server.port}/metrics`,
    mode: 'ok' as KeplerMode,
    restart: () => {
      since = clock.monotonic();
    },
    get scrapes() {
      return scrapes;
    },
    async [Symbol.asyncDispose]() {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
  return double;
}

function respond(response: ServerResponse, mode: KeplerMode, body: string): void {
  const type = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8; escaping=values' };
  switch (mode) {
    case 'ok':
      return void response.writeHead(200, type).end(body);
    case 'html':
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    case 'truncated':
      // A proxy that cuts bodies announces the length of what is left.
      return void response.writeHead(200, type).end(body.slice(0, -7));
    case 'cut-connection':
      response.writeHead(200, { ...type, 'Content-Length': Buffer.byteLength(body) });
      response.write(body.slice(0, body.length / 2));
      return void setTimeout(() => response.destroy(), 20);
    case 'unknown-metrics':
      return void response.writeHead(200, type).end(FOREIGN);
    case 'malformed-lines':
      return void response.writeHead(200, type).end(`${body}${MALFORMED.join('\n')}\n`);
    case 'slow':
      return void response.writeHead(200, type).write(body.slice(0, 40));
    case 'error':
      return void response.writeHead(500).end('panic: index out of range\n');
    default:
      mode satisfies never;
  }
}

function exposition(options: KeplerDoubleOptions, seconds: number): string {
  const { generation, containers, node = 'node-1', nodeUse, beside, withoutKubernetes = false } = options;
  if (generation === 'classic') return text(classic(containers, node, seconds));
  const lines = rewrite(containers, node, seconds);
  if (nodeUse !== undefined) lines.push(...wholeNode(nodeUse, node, seconds));
  if (beside !== undefined) lines.push(...besideContainers(beside, containers, node, seconds));
  if (!withoutKubernetes) return text(lines);
  const own = lines.filter((line) => !line.includes('kepler_pod_'));
  return text(
    own.map((line) => line.replace(/node_name="[^"]*"/, 'node_name=""').replace(/pod_id="[^"]*"/, 'pod_id=""')),
  );
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function besideContainers(
  { idleWatts, systemWatts }: NonNullable<KeplerDoubleOptions['beside']>,
  containers: readonly SimulatedContainer[],
  node: string,
  seconds: number,
): string[] {
  const active = systemWatts + containers.reduce((sum, { watts }) => sum + watts, 0);
  const counter = (mode: string, watts: number) => [
    `# TYPE kepler_node_cpu_${mode}_joules_total counter`,
    ...Object.entries(ZONE_SHARES).map(
      ([zone, share]) =>
        `kepler_node_cpu_${mode}_joules_total{node_name="${node}",path="/rapl/${zone}",zone="${zone}"} ${watts * share * seconds}`,
    ),
  ];
  return [...counter('active', active), ...counter('idle', idleWatts)];
}

function wholeNode(
  { watts, usageRatio, processors }: NonNullable<KeplerDoubleOptions['nodeUse']>,
  node: string,
  seconds: number,
): string[] {
  return [
    '# TYPE kepler_node_cpu_info gauge',
    ...Array.from(
      { length: processors },
      (_, at) =>
        `kepler_node_cpu_info{core_id="${at >> 1}",model_name="Test CPU",physical_id="0",processor="${at}",vendor_id="Test"} 1`,
    ),
    '# TYPE kepler_node_cpu_joules_total counter',
    ...Object.entries(ZONE_SHARES).map(
      ([zone, share]) =>
        `kepler_node_cpu_joules_total{node_name="${node}",path="/rapl/${zone}",zone="${zone}"} ${watts * share * seconds}`,
    ),
    '# TYPE kepler_node_cpu_usage_ratio gauge',
    `kepler_node_cpu_usage_ratio{node_name="${node}"} ${usageRatio}`,
  ];
}

function classic(containers: readonly SimulatedContainer[], node: string, seconds: number): string[] {
  const lines = ['# TYPE kepler_container_joules_total counter'];
  for (const [index, { namespace, pod, container, watts }] of containers.entries()) {
    const labels = `container_id="${id(index)}",container_name="${container}",container_namespace="${namespace}"`;
    for (const [mode, joules] of [
      ['dynamic', watts * seconds],
      ['idle', 3 * seconds],
    ] as const)
      lines.push(
        `kepler_container_joules_total{${labels},mode="${mode}",pod_name="${pod}",source=""} ${joules.toFixed(3)}`,
      );
  }
  return [
    ...lines,
    '# TYPE kepler_exporter_build_info gauge',
    'kepler_exporter_build_info{branch="",revision="r",version="v0.8.2"} 1',
    '# TYPE kepler_node_package_joules_total counter',
    `kepler_node_package_joules_total{instance="${node}",mode="dynamic",package="0",source="rapl-sysfs"} 77.5`,
  ];
}

function rewrite(containers: readonly SimulatedContainer[], ownNode: string, seconds: number): string[] {
  const cpu: string[] = [];
  const pods: string[] = [];
  const gpus: string[] = [];
  for (const [index, { namespace, pod, container, watts, gpuWatts = 0, node = ownNode }] of containers.entries()) {
    const podId = `0a0a0a0a-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const ids = `node_name="${node}",pod_id="${podId}"`;
    for (const [zone, share] of Object.entries(ZONE_SHARES))
      cpu.push(
        `kepler_container_cpu_joules_total{container_id="${id(index)}",container_name="${container}",${ids},runtime="containerd",state="running",zone="${zone}"} ${watts * share * seconds}`,
      );
    // Kepler shows a container's GPU energy once there is any.
    if (gpuWatts * seconds > 0)
      gpus.push(
        `kepler_container_gpu_joules_total{container_id="${id(index)}",container_name="${container}",${ids},runtime="containerd",state="running"} ${gpuWatts * seconds}`,
      );
    pods.push(
      `kepler_pod_cpu_joules_total{${ids},pod_name="${pod}",pod_namespace="${namespace}",state="running",zone="package"} ${watts * 0.75 * seconds}`,
    );
  }
  return [
    '# TYPE kepler_build_info gauge',
    'kepler_build_info{arch="amd64",branch="main",revision="r",version="v0.11.4"} 1',
    '# TYPE kepler_container_cpu_joules_total counter',
    ...cpu,
    ...gpus,
    '# TYPE kepler_pod_cpu_joules_total counter',
    ...pods,
  ];
}

function id(index: number): string {
  return (index + 0xc0de).toString(16).padStart(64, '0');
}
