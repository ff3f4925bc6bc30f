import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { parseZone } from '../shared/grid/zones.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { examples } from './help.ts';
import { runSideBySide } from './processes.ts';

/** Settings for one machine without a cluster: everything under ./data, loopback only, quiet logs. What the user sets wins. */
export function localSettings(env: Environment): Record<string, string | undefined> {
  const folder = env.DATA_DIR || resolve('data');
  return {
    DATA_DIR: folder,
    CACHE_FILE: join(folder, 'carbon_cache.json'),
    EXTENDER_HOST: '127.0.0.1',
    API_HOST: '127.0.0.1',
    POLLER_HOST: '127.0.0.1',
    EXTENDER_PORT: '8888',
    API_PORT: '5001',
    POLLER_PORT: '8889',
    ZONE_MAP: twoNodes(env.ZONES),
    LOG_LEVEL: 'warn',
    ...withoutEmpty(env),
  };
}

/** Two nodes to ask about, in the first two of the zones that are followed. */
function twoNodes(zones: string | undefined): string {
  const given = (zones ?? '').split(',').map((code) => parseZone(code.trim()));
  const known = given.flatMap((parsed) => (parsed.kind === 'malformed' ? [] : [parsed.zone]));
  const [first = 'US-CAL-CISO', second = known.length > 0 ? first : 'US-MIDW-MISO'] = known;
  return `node-a=${first},node-b=${second}`;
}

/** Leaves out variables that are set to nothing, which count as unset. */
export function withoutEmpty(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
}

/** `carbon up`: poller and extender side by side on this machine. */
export function upCommand(env: Environment): Command {
  return new Command('up')
    .description('Run poller and extender side by side on this machine, with the embedded store')
    .addHelpText(
      'after',
      `
${LOCAL_SETTINGS}
${examples('carbon up', 'ZONES=DE,FR carbon up', 'ELECTRICITY_MAPS_API_KEY=... ZONES=DE,FR carbon up', 'EXTENDER_PORT=9888 API_PORT=9001 POLLER_PORT=9889 carbon up')}`,
    )
    .action(async () => {
      const settings = localSettings(env);
      process.exitCode = await runSideBySide(settings, () => process.stdout.write(welcome(settings)));
    });
}

/** What the help pages of `carbon up` and `carbon demo` say of settings. */
export const LOCAL_SETTINGS = `Settings are environment variables (all of them: docs/configuration.md). The first to know:
  ZONES                                 grid zones, with commas between: DE,FR,US-CAL-CISO
  ELECTRICITY_MAPS_API_KEY              without it key-less services where there are any, else yearly averages
  EXPORTER_URL                          Kepler, default http://localhost:9102/metrics
  EXTENDER_PORT, API_PORT, POLLER_PORT  default 8888, 5001, 8889, on 127.0.0.1 (..._HOST)
  DATA_DIR                              history and cache file, default ./data (demo: ./data/demo)
  ZONE_MAP                              zones of nodes by name: node-a=DE,node-b=FR
  LOG_LEVEL                             default warn here; info tells each round
Runs until Ctrl-C; the history stays.`;

function welcome(settings: Record<string, string | undefined>): string {
  const scheduler = `http://127.0.0.1:${settings.EXTENDER_PORT}`;
  const api = `http://127.0.0.1:${settings.API_PORT}`;
  const source = settings.ELECTRICITY_MAPS_API_KEY
    ? 'Electricity Maps'
    : "key-less services where there are any, else yearly averages (set ELECTRICITY_MAPS_API_KEY for this hour's values)";
  const names = (settings.ZONE_MAP ?? '').split(',').map((pair) => `"${pair.split('=')[0]?.trim()}"`);
  const token = tokenHeader(settings);
  return `
carbon-extender is running. Ctrl-C stops it; the history stays.

  poller    asks for carbon intensity: ${source}
            writes ${settings.CACHE_FILE}, records Kepler at ${settings.EXPORTER_URL ?? 'http://localhost:9102/metrics'}
  extender  answers kube-scheduler at ${scheduler}, and REST queries at ${api}
  dashboard ${api}/
  history   in ${settings.DATA_DIR}

Try, in another terminal:

  # 1. What kube-scheduler would ask: which of these nodes is cleaner?
  curl -s ${scheduler}/prioritize -H 'Content-Type: application/json' \\
    -d '{"Pod":{"metadata":{"name":"hello","namespace":"default"}},"Nodes":null,"NodeNames":[${names.join(',')}]}'

  # 2. The grid, as recorded
  curl -s${token} ${api}/api/co2-intensities

  # 3. What is being measured
  curl -s ${api}/health

  # 4. The zones by intensity, from the command line
  ${inFolder(settings)}npm run -s carbon -- zones

`;
}

/** The header that the API asks for where API_TOKEN is set, as an argument of curl. */
export function tokenHeader({ API_TOKEN, API_TOKEN_FILE }: Record<string, string | undefined>): string {
  return API_TOKEN || API_TOKEN_FILE ? ' -H "Authorization: Bearer $API_TOKEN"' : '';
}

/** What goes before a command so that it sees this history; nothing where it looks there by itself. */
export function inFolder({ DATA_DIR = '' }: Record<string, string | undefined>): string {
  return DATA_DIR === resolve('data') ? '' : `DATA_DIR=${relative('.', DATA_DIR)} `;
}
