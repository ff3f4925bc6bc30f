import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../shared/runtime/clock.ts';
import { type ListeningServer, listen, pathOf } from '../shared/runtime/http-server.ts';
import { untilSignal } from '../shared/runtime/lifecycle.ts';
import { toSystemError } from '../shared/runtime/system-error.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';

/** Simulated nodes of the demo with their grid zones. */
export const DEMO_NODES = [
  { node: 'simulated-node-1', zone: 'DE' },
  { node: 'simulated-node-2', zone: 'PL' },
  { node: 'simulated-node-3', zone: 'US-NW-BPAT' },
] as const;

/** Simulated pods, one of each per node, with their mean power in watts. */
const PODS = [
  { pod: 'checkout', namespace: 'simulated-shop', container: 'app', watts: 12 },
  { pod: 'search', namespace: 'simulated-shop', container: 'app', watts: 25 },
  { pod: 'report', namespace: 'simulated-batch', container: 'worker', watts: 60 },
] as const;

/** Serves simulated metrics in the format of Kepler 0.11: counters in joules that grow with the time since the start. */
export async function startSimulatedKepler(address: { host: string; port: number }): Promise<ListeningServer> {
  const started = systemClock.monotonic();
  return listen((request, response) => {
    if (pathOf(request) !== '/metrics') return void response.writeHead(404).end('try /metrics\n');
    const body = exposition((systemClock.monotonic() - started) / 1000);
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
  }, address);
}

/** `carbon simulated-kepler`: the demo's exporter by itself, for a laptop without Kepler. */
export function simulatedKeplerCommand(): Command {
  return new Command('simulated-kepler')
    .description('Serve simulated Kepler metrics, for demonstrations only')
    .option('--port <port>', 'port to listen on, 0 for any free one', portNumber, 9102)
    .option('--host <host>', 'address to listen on', '0.0.0.0')
    .addHelpText(
      'after',
      `
Serves counters in joules in the format of Kepler 0.11 at /metrics. Runs until Ctrl-C.
${examples('carbon simulated-kepler --port 9102', 'carbon simulated-kepler --host 127.0.0.1 --port 0')}`,
    )
    .action(async (options: { port: number; host: string }) => {
      await using server = await startSimulatedKepler(options).catch((error: unknown) => {
        throw cliError(
          'PORT_UNAVAILABLE',
          {
            reason: toSystemError(error, { '--port': options.port, '--host': options.host })?.message ?? String(error),
          },
          { cause: error },
        );
      });
      process.stdout.write(`simulated Kepler at http://${options.host}:${server.port}/metrics\n`);
      await untilSignal();
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It is not a whole number from 0 to 65535.');
  return port;
}

function exposition(seconds: number): string {
  const containers: string[] = [];
  const pods: string[] = [];
  for (const [n, { node }] of DEMO_NODES.entries()) {
    for (const [p, { pod, namespace, container, watts }] of PODS.entries()) {
      const joules = energy(watts, seconds, n + p).toFixed(3);
      const podId = `00000000-0000-4000-8000-0000000000${n}${p}`;
      const id = `${n}${p}`.padStart(64, '0');
      containers.push(
        `kepler_container_cpu_joules_total{container_id="${id}",container_name="${container}",node_name="${node}",pod_id="${podId}",runtime="containerd",state="running",zone="package"} ${joules}`,
      );
      pods.push(
        `kepler_pod_cpu_joules_total{node_name="${node}",pod_id="${podId}",pod_name="${pod}-${n}",pod_namespace="${namespace}",state="running",zone="package"} ${joules}`,
      );
    }
  }
  return [
    '# HELP kepler_build_info A metric with a constant 1, labelled with what was built',
    '# TYPE kepler_build_info gauge',
    'kepler_build_info{version="simulated"} 1',
    '# TYPE kepler_container_cpu_joules_total counter',
    ...containers,
    '# TYPE kepler_pod_cpu_joules_total counter',
    ...pods,
    '',
  ].join('\n');
}

/** Joules since the start of a load that swings by half around its mean every ten minutes: the integral of its power. */
function energy(watts: number, seconds: number, phase: number): number {
  const omega = (2 * Math.PI) / 600;
  return watts * (seconds + (0.5 / omega) * (Math.cos(phase) - Math.cos(omega * seconds + phase)));
}
