import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../shared/runtime/clock.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { makeFolderSync } from '../shared/runtime/folders.ts';
import { toSystemError } from '../shared/runtime/system-error.ts';
import { type DemoCluster, startDemoCluster } from './demo/demo-cluster.ts';
import { DEMO_SITE_ZONES, sendReadings, setBudgets } from './demo/demo-extras.ts';
import { seedHistory } from './demo/demo-history.ts';
import { writeDemoTrace } from './demo/demo-trace.ts';
import { DEMO_NODES, DEMO_ZONES } from './demo/demo-world.ts';
import { examples } from './help.ts';
import { runSideBySide, withFreePorts } from './processes.ts';
import { cliConfig } from './settings.ts';
import { startSimulatedKepler } from './simulated-kepler.ts';
import { inFolder, LOCAL_SETTINGS, localSettings, tokenHeader, withoutEmpty } from './up.ts';

const ZONES = 'DE,ES,NL,PL,US-CAL-CISO,US-FLA-FPL,US-MIDA-PJM,US-NE-ISNE,US-NW-BPAT,US-NY-NYIS,US-TEX-ERCO';
/** Time between two readings of the demo's meters, in milliseconds. */
const READINGS_EVERY_MS = 60_000;

type Settings = Readonly<Record<string, string | undefined>>;

/** `carbon demo`: poller and extender with a simulated grid, and a simulated cluster that they see through its API. */
export function demoCommand(env: Environment): Command {
  return new Command('demo')
    .description('Run poller and extender with a simulated grid (a replay of 2021) and a small simulated cluster')
    .addHelpText(
      'after',
      `
${LOCAL_SETTINGS}
The cluster has ${DEMO_NODES.length} nodes in four zones, services and batch jobs; four weeks of history are generated at the first start.
ZONES selects zones to follow beside those of the nodes, REPLAY_TRACE another trace.
${examples('carbon demo', 'API_PORT=9001 EXTENDER_PORT=9888 POLLER_PORT=9889 carbon demo')}`,
    )
    .action(async () => {
      const given = withoutEmpty(env);
      const folder = given.DATA_DIR ?? resolve('data/demo');
      process.exitCode = await runDemo(given, folder).catch((error: unknown) => {
        throw toSystemError(error, { DATA_DIR: folder }) ?? error;
      });
    });
}

async function runDemo(given: Settings, folder: string): Promise<number> {
  makeFolderSync(folder);
  const { file, trace } = await writeDemoTrace(folder);
  await using cluster = await startDemoCluster(folder, systemClock);
  await using kepler = await startSimulatedKepler({ host: '127.0.0.1', port: 0 }, cluster.pods);
  const settings = {
    ...(await withFreePorts(localSettings({ ...given, DATA_DIR: folder }))),
    REPLAY_TRACE: given.REPLAY_TRACE ?? file,
    ZONES: demoZones(given),
    ZONE_MAP: given.ZONE_MAP ?? DEMO_NODES.map(({ node, zone }) => `${node}=${zone}`).join(','),
    EXPORTER_URL: `http://127.0.0.1:${kepler.port}/metrics`,
    SCRAPE_INTERVAL_SECONDS: given.SCRAPE_INTERVAL_SECONDS ?? '5',
    KUBECONFIG: cluster.kubeconfig,
    DEFERRAL: given.DEFERRAL ?? 'on',
    DEFERRAL_PERIOD_SECONDS: given.DEFERRAL_PERIOD_SECONDS ?? '5',
    SITE_ZONES: given.SITE_ZONES ?? DEMO_SITE_ZONES,
  };
  const stop = new AbortController();
  let meters: Promise<void> | undefined;
  const code = await runSideBySide(settings, {
    prepare: async () => {
      if (given.REPLAY_TRACE === undefined) await seedHistory(folder, trace, systemClock.now());
    },
    onReady: () => {
      cluster.fill(trace);
      process.stdout.write(welcome(settings));
      meters = bringToLife(cluster, settings, stop.signal);
    },
  });
  stop.abort();
  await meters;
  return code;
}

/** The zones that are followed: those given, and of the demo's own trace those of its nodes, without which most pods would have no grams. */
export function demoZones({ ZONES: given, REPLAY_TRACE }: Settings): string {
  if (given === undefined) return ZONES;
  if (REPLAY_TRACE !== undefined) return given;
  return [...new Set([...given.split(',').map((code) => code.trim()), ...DEMO_ZONES])].join(',');
}

/** Everything that needs running programs: scheduling, budgets with a known use, and meters. */
async function bringToLife(cluster: DemoCluster, settings: Settings, signal: AbortSignal): Promise<void> {
  cluster.start(`http://127.0.0.1:${settings.EXTENDER_PORT}`);
  const headers: Record<string, string> = settings.API_TOKEN ? { Authorization: `Bearer ${settings.API_TOKEN}` } : {};
  const config = cliConfig(settings);
  let since: number | undefined;
  while (!signal.aborted) {
    // A demo goes on without its extras: a program that is just stopping rejects them.
    await setBudgets(config, systemClock.now()).catch(() => undefined);
    const api = `http://127.0.0.1:${settings.API_PORT}`;
    since = await sendReadings(api, headers, since, systemClock.now()).catch(() => since);
    await systemClock.sleep(READINGS_EVERY_MS, signal);
  }
}

function welcome(settings: Settings): string {
  const scheduler = `http://127.0.0.1:${settings.EXTENDER_PORT}`;
  const api = `http://127.0.0.1:${settings.API_PORT}`;
  const token = tokenHeader(settings);
  const names = DEMO_NODES.map(({ node }) => `"${node}"`).join(',');
  return `
carbon-extender demo: every figure is SIMULATED. Press Ctrl-C to stop it.

  grid      hourly carbon intensity of 2021 in 11 zones, replayed as if it were now; an artefact of the data
            set at midnight (DE) is smoothed
  cluster   ${DEMO_NODES.length} nodes in four zones, with services and batch jobs that are placed and wait as in a real cluster
  Kepler    the power of its containers, at ${settings.EXPORTER_URL}
  extender  serves kube-scheduler at ${scheduler} and the REST API at ${api}
  dashboard ${api}/

Open the dashboard: pods placed in clean zones, jobs waiting for a cleaner hour, grams saved, budgets, two sites.
Or try, in another terminal:

  # 1. Score the nodes as kube-scheduler would: where is electricity cleanest right now?
  curl -s ${scheduler}/prioritize -H 'Content-Type: application/json' \\
    -d '{"Pod":{"metadata":{"name":"hello","namespace":"default"}},"Nodes":null,"NodeNames":[${names}]}'

  # 2. List the measured containers
  curl -s${token} ${api}/api/containers

  # 3. What did placement and waiting save in the last 30 days?
  ${inFolder(settings)}npm run -s carbon -- savings

  # 4. When will it be cleanest? On the command line, from the same data
  ${inFolder(settings)}npm run -s carbon -- windows --zone DE --hours 3

`;
}
