import type { ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { listen } from '../../shared/runtime/http-server.ts';

/** How the double misbehaves; `ok` is a healthy exporter. */
export type DcgmMode = 'ok' | 'html' | 'truncated' | 'cut-connection' | 'without-power' | 'malformed-line' | 'error';

/** A physical card that draws constant power. */
export interface SimulatedGpu {
  readonly uuid: string;
  watts: number;
  /** A card without an energy counter shows its power only. */
  readonly withoutCounter?: boolean;
  /** Who holds it or its parts; empty: no container does. */
  holders: {
    readonly pod?: string;
    /** Number and profile of a MIG instance. */
    readonly mig?: readonly [id: number, profile: string];
    readonly vgpu?: number;
    /** Share of time that the engines of the part were busy. */
    readonly active?: number;
    readonly memoryMb?: number;
  }[];
}

/** A running double; `mode` may be changed at any time. */
export interface DcgmDouble extends AsyncDisposable {
  readonly url: string;
  mode: DcgmMode;
  /** Counters begin at zero again, as after the driver was loaded anew. */
  reload(): void;
}

/** Serves /metrics like NVIDIA's DCGM exporter: millijoules by card, once for each part, with the pods that hold them. */
export async function startDcgmDouble(options: {
  readonly clock: Clock;
  readonly gpus: readonly SimulatedGpu[];
  readonly node?: string;
}): Promise<DcgmDouble> {
  const { clock, gpus, node = 'node-1' } = options;
  let since = clock.monotonic() - 3_600_000;
  const server = await listen(
    (_request, response) => respond(response, double.mode, exposition(gpus, node, clock.monotonic() - since)),
    { host: '127.0.0.1', port: 0 },
  );
  const double = {
    url: `http://127.0.0.1:${server.port}/metrics`,
    mode: 'ok' as DcgmMode,
    reload: () => {
      since = clock.monotonic();
    },
    async [Symbol.asyncDispose]() {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
  return double;
}

/** The text of a body. */
export function exposition(gpus: readonly SimulatedGpu[], node: string, ms: number): string {
  const lines = (metric: string, type: string, of: (gpu: SimulatedGpu, at: number) => number | undefined) => [
    `# HELP ${metric} A metric of DCGM.`,
    `# TYPE ${metric} ${type}`,
    ...gpus.flatMap((gpu, index) => {
      const parts = gpu.holders.length > 0 ? gpu.holders : [{}];
      return parts.flatMap((part, at) => {
        const value = of(gpu, at);
        return value === undefined ? [] : [`${metric}{${labels(gpu, index, part, node)}} ${value}`];
      });
    }),
  ];
  return `${[
    ...lines('DCGM_FI_DEV_POWER_USAGE', 'gauge', ({ watts }) => watts),
    ...lines('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'counter', ({ watts, withoutCounter }) =>
      withoutCounter ? undefined : Math.round(watts * ms),
    ),
    ...lines('DCGM_FI_DEV_FB_USED', 'gauge', ({ holders }, at) => holders[at]?.memoryMb),
    ...lines('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'gauge', ({ holders }, at) => holders[at]?.active),
  ].join('\n')}\n`;
}

function labels(gpu: SimulatedGpu, index: number, holder: SimulatedGpu['holders'][number], node: string): string {
  const { pod, mig, vgpu } = holder;
  const all = {
    gpu: String(index),
    UUID: gpu.uuid,
    device: `nvidia${index}`,
    modelName: 'Tesla T4',
    ...(mig && { GPU_I_PROFILE: mig[1], GPU_I_ID: String(mig[0]) }),
    Hostname: node,
    ...(pod && { container: 'app', namespace: 'ml', pod }),
    ...(vgpu !== undefined && { vgpu: String(vgpu) }),
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
}

function respond(response: ServerResponse, mode: DcgmMode, body: string): void {
  const type = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };
  switch (mode) {
    case 'ok':
      return void response.writeHead(200, type).end(body);
    case 'html':
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>login</body></html>\n');
    case 'truncated':
      return void response.writeHead(200, type).end(body.slice(0, -3));
    case 'cut-connection':
      response.writeHead(200, { ...type, 'Content-Length': Buffer.byteLength(body) });
      response.write(body.slice(0, body.length / 2));
      return void setTimeout(() => response.destroy(), 20);
    case 'malformed-line':
      return void response
        .writeHead(200, type)
        .end(`${body}DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="9",UUID="GPU-9"} -1\n`);
    case 'without-power':
      return void response
        .writeHead(200, type)
        .end('# TYPE DCGM_FI_DEV_SM_CLOCK gauge\nDCGM_FI_DEV_SM_CLOCK{gpu="0"} 139\n');
    case 'error':
      return void response.writeHead(500).end('Internal Server Error\n');
    default:
      mode satisfies never;
  }
}
