import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Environment } from '../shared/runtime/config.ts';
import { examples } from './help.ts';
import { runSideBySide } from './processes.ts';
import { DEMO_NODES, startSimulatedKepler } from './simulated-kepler.ts';
import { inFolder, LOCAL_SETTINGS, localSettings, tokenHeader, withoutEmpty } from './up.ts';

const TRACE = join(import.meta.dirname, '../shared/data/trace-2021.csv.gz');

/** `carbon demo`: like `carbon up`, with a simulated grid and a simulated Kepler. */
export function demoCommand(env: Environment): Command {
  return new Command('demo')
    .description('Run poller and extender with a simulated grid (a replay of 2021) and a simulated Kepler')
    .addHelpText(
      'after',
      `
${LOCAL_SETTINGS}
REPLAY_TRACE, ZONES and ZONE_MAP select another trace, other zones, and the zones of simulated-node-1 to -3.
${examples('carbon demo', 'API_PORT=9001 EXTENDER_PORT=9888 POLLER_PORT=9889 carbon demo')}`,
    )
    .action(async () => {
      await using kepler = await startSimulatedKepler({ host: '127.0.0.1', port: 0 });
      const given = withoutEmpty(env);
      const settings = {
        ...localSettings({ ...given, DATA_DIR: given.DATA_DIR ?? resolve('data/demo') }),
        REPLAY_TRACE: given.REPLAY_TRACE ?? TRACE,
        ZONES:
          given.ZONES ?? 'DE,ES,NL,PL,US-CAL-CISO,US-FLA-FPL,US-MIDA-PJM,US-NE-ISNE,US-NW-BPAT,US-NY-NYIS,US-TEX-ERCO',
        ZONE_MAP: given.ZONE_MAP ?? DEMO_NODES.map(({ node, zone }) => `${node}=${zone}`).join(','),
        EXPORTER_URL: `http://127.0.0.1:${kepler.port}/metrics`,
        SCRAPE_INTERVAL_SECONDS: given.SCRAPE_INTERVAL_SECONDS ?? '5',
      };
      process.exitCode = await runSideBySide(settings, () => process.stdout.write(welcome(settings)));
    });
}

function welcome(settings: Record<string, string | undefined>): string {
  const scheduler = `http://127.0.0.1:${settings.EXTENDER_PORT}`;
  const api = `http://127.0.0.1:${settings.API_PORT}`;
  const token = tokenHeader(settings);
  const names = DEMO_NODES.map(({ node }) => `"${node}"`).join(',');
  return `
carbon-extender demo: every figure is SIMULATED. Press Ctrl-C to stop it.

  grid      hourly carbon intensity of 2021 in 11 zones, replayed as if it were now
  Kepler    ${DEMO_NODES.length} simulated nodes with simulated containers at ${settings.EXPORTER_URL}
  extender  serves kube-scheduler at ${scheduler} and the REST API at ${api}
  dashboard ${api}/

Try, in another terminal (containers need two scrapes, about 10 seconds):

  # 1. Score the nodes as kube-scheduler would: where is electricity cleanest right now?
  curl -s ${scheduler}/prioritize -H 'Content-Type: application/json' \\
    -d '{"Pod":{"metadata":{"name":"hello","namespace":"default"}},"Nodes":null,"NodeNames":[${names}]}'

  # 2. List the measured containers
  curl -s${token} ${api}/api/containers

  # 3. What did one of them emit in the last minutes, and what would it have emitted elsewhere?
  curl -s${token} ${api}/api/co2-per-container -H 'Content-Type: application/json' \\
    -d '{"pod":"checkout-0","container":"app","namespace":"simulated-shop","countries":["DE","PL","FR"],"n":1}'

  # 4. When will it be cleanest? On the command line, from the same data
  ${inFolder(settings)}npm run -s carbon -- windows --zone DE --hours 3

`;
}
