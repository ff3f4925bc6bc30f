import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Clock } from '../../shared/runtime/clock.ts';
import { listen, pathOf } from '../../shared/runtime/http-server.ts';

/** How the double misbehaves; `ok` is a healthy kubelet. */
export type KubeletMode =
  | 'ok'
  | 'malformed-line'
  | 'unauthorized'
  | 'forbidden'
  | 'html'
  | 'truncated'
  | 'half'
  | 'partial'
  | 'foreign';

/** A container that uses a constant number of cores and bytes. */
export interface RunningContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  cores: number;
  memoryBytes: number;
  /** When it started, by the double's clock; its counter begins at zero then. Default: with the double. */
  startedAt?: number;
}

/** What the double is. */
export interface KubeletDoubleOptions {
  readonly clock: Clock;
  readonly containers: RunningContainer[];
  /** Cores of everything on the node together. Default: those of its containers when it starts. */
  readonly nodeCores?: number;
  /** How old its values are: a kubelet measures every 10 to 15 s. Default: 0. */
  ageMs?: number;
  /** Certificate and key that it serves with; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A running double; `mode` may be changed at any time. */
export interface KubeletDouble extends AsyncDisposable {
  readonly url: string;
  mode: KubeletMode;
  /** The `Authorization` header of the last request. */
  authorization: string | undefined;
}

/** Serves /metrics/resource like a kubelet of 1.29 and later: counters that grow with the given clock, with its times. */
export async function startKubeletDouble(options: KubeletDoubleOptions): Promise<KubeletDouble> {
  const started = options.clock.now();
  const { nodeCores = options.containers.reduce((sum, { cores }) => sum + cores, 0) } = options;
  const server = await listen(
    (request, response) => {
      double.authorization = request.headers.authorization;
      if (pathOf(request) !== '/metrics/resource') return void response.writeHead(404).end('404 page not found\n');
      respond(response, double.mode, kubeletBody(options, { started, nodeCores }));
    },
    { host: '127.0.0.1', port: 0 },
    options.tls && createServer(options.tls),
  );
  const double: KubeletDouble = {
    url: `http${options.tls ? 's' : ''}://127.0.0.1:${server.port}/metrics/resource`,
    mode: 'ok',
    authorization: undefined,
    async [Symbol.asyncDispose]() {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
  return double;
}

function respond(response: ServerResponse, mode: KubeletMode, body: string): void {
  const type = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' };
  switch (mode) {
    case 'ok':
      return void response.writeHead(200, type).end(body);
    case 'unauthorized':
      return void response.writeHead(401).end('Unauthorized');
    case 'forbidden':
      return void response
        .writeHead(403)
        .end('Forbidden (user=system:serviceaccount:x:y, verb=get, resource=nodes, subresource(s)=[metrics])');
    case 'html':
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>Sign in</body></html>\n');
    case 'truncated':
      return void response.writeHead(200, type).end(body.slice(0, body.indexOf('node_cpu_usage') - 30));
    case 'half':
      // A proxy that cuts between two lines.
      return void response.writeHead(200, type).end(body.slice(0, body.indexOf('# HELP node_cpu_usage')));
    case 'partial':
      return void response.writeHead(200, type).end(body.replace('resource_scrape_error 0', 'resource_scrape_error 1'));
    case 'malformed-line': {
      const line = 'container_cpu_usage_seconds_total{container="c",namespace="x",pod="y"} -1 1767268800000';
      const next = '# HELP container_memory';
      return void response.writeHead(200, type).end(body.replace(next, `${line}\n${next}`));
    }
    case 'foreign':
      return void response.writeHead(200, type).end('# HELP up Up.\n# TYPE up gauge\nup 1\n');
    default:
      mode satisfies never;
  }
}

function kubeletBody(
  { clock, containers, ageMs = 0 }: KubeletDoubleOptions,
  { started, nodeCores }: { started: number; nodeCores: number },
): string {
  const at = clock.now() - ageMs;
  const secondsOf = (container: RunningContainer) => (at - (container.startedAt ?? started)) / 1000;
  const nodeSeconds = nodeCores * ((at - started) / 1000);
  const lines: string[] = [];
  const family = (name: string, help: string, type: string, samples: readonly string[]) =>
    lines.push(`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`, ...samples);
  const each = (name: string, value: (container: RunningContainer) => string) =>
    containers.map(
      (one) => `${name}{container="${one.container}",namespace="${one.namespace}",pod="${one.pod}"} ${value(one)}`,
    );
  family('container_cpu_usage_seconds_total', 'Cumulative cpu time', 'counter', [
    ...each('container_cpu_usage_seconds_total', (one) => `${one.cores * secondsOf(one)} ${at}`),
  ]);
  family('container_memory_working_set_bytes', 'Current working set', 'gauge', [
    ...each('container_memory_working_set_bytes', (one) => `${one.memoryBytes.toExponential()} ${at}`),
  ]);
  family('container_start_time_seconds', 'Start time of the container', 'gauge', [
    ...each('container_start_time_seconds', (one) => ((one.startedAt ?? started) / 1000).toExponential()),
  ]);
  family('node_cpu_usage_seconds_total', 'Cumulative cpu time of the node', 'counter', [
    `node_cpu_usage_seconds_total ${nodeSeconds} ${at}`,
  ]);
  family('resource_scrape_error', '1 if there was an error', 'gauge', ['resource_scrape_error 0']);
  return `${lines.join('\n')}\n`;
}
