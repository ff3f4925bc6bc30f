import { createHash } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../shared/runtime/clock.ts';
import { type ListeningServer, listen, pathOf } from '../shared/runtime/http-server.ts';
import { untilSignal } from '../shared/runtime/lifecycle.ts';
import { toSystemError } from '../shared/runtime/system-error.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';

/** A pod that the simulated Kepler measures. */
export interface SimulatedPod {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  /** Mean power. */
  readonly watts: number;
  /** How long it has been running, in seconds. */
  readonly seconds: number;
}

/** Pods of the command when it runs by itself: three on each of three nodes. */
const STANDALONE_PODS = [
  { pod: 'checkout', namespace: 'simulated-shop', container: 'app', watts: 12 },
  { pod: 'search', namespace: 'simulated-shop', container: 'app', watts: 25 },
  { pod: 'report', namespace: 'simulated-batch', container: 'worker', watts: 60 },
] as const;

function standalonePods(seconds: number): SimulatedPod[] {
  return [1, 2, 3].flatMap((number) =>
    STANDALONE_PODS.map((each) => ({
      ...each,
      pod: `${each.pod}-${number - 1}`,
      node: `simulated-node-${number}`,
      seconds,
    })),
  );
}

/** Serves simulated metrics in the format of Kepler 0.11: counters in joules that grow with the time that pods have been running. */
export async function startSimulatedKepler(
  address: { host: string; port: number },
  podsOf: (seconds: number) => readonly SimulatedPod[] = standalonePods,
): Promise<ListeningServer> {
  const started = systemClock.monotonic();
  return listen((request, response) => {
    if (pathOf(request) !== '/metrics') return void response.writeHead(404).end('try /metrics\n');
    const body = exposition(podsOf((systemClock.monotonic() - started) / 1000));
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

function exposition(all: readonly SimulatedPod[]): string {
  const containers: string[] = [];
  const pods: string[] = [];
  for (const { namespace, pod, container, node, watts, seconds } of all) {
    const hash = createHash('sha256').update(`${namespace}/${pod}`).digest('hex');
    const joules = energy(watts, seconds, Number.parseInt(hash.slice(0, 4), 16)).toFixed(3);
    const podId = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
    containers.push(
      `kepler_container_cpu_joules_total{container_id="${hash}",container_name="${container}",node_name="${node}",pod_id="${podId}",runtime="containerd",state="running",zone="package"} ${joules}`,
    );
    pods.push(
      `kepler_pod_cpu_joules_total{node_name="${node}",pod_id="${podId}",pod_name="${pod}",pod_namespace="${namespace}",state="running",zone="package"} ${joules}`,
    );
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
