import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { parseZone } from '../shared/grid/zones.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { examples } from './help.ts';
import { runSideBySide, withFreePorts } from './processes.ts';

/** Settings for one machine without a cluster: everything under ./data, loopback only, quiet logs. Variables of the user take precedence. */
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

/** Two example nodes in the first two configured zones. */
function twoNodes(zones: string | undefined): string {
  const given = (zones ?? '').split(',').map((code) => parseZone(code.trim()));
  const known = given.flatMap((parsed) => (parsed.kind === 'malformed' ? [] : [parsed.zone]));
  const [first = 'US-CAL-CISO', second = known.length > 0 ? first : 'US-MIDW-MISO'] = known;
  return `node-a=${first},node-b=${second}`;
}

/** The environment without variables that are empty, which count as unset. */
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
      const settings = await withFreePorts(localSettings(env));
      process.exitCode = await runSideBySide(settings, {
        onReady: () => process.stdout.write(welcome(settings)),
      });
    });
}

/** The part on settings of the help of `carbon up` and `carbon demo`. */
export const LOCAL_SETTINGS = `Settings are environment variables (all of them: docs/configuration.md). The most important ones:
  ZONES                                 grid zones, comma-separated: DE,FR,US-CAL-CISO
  ELECTRICITY_MAPS_API_KEY              without it: keyless providers where available, otherwise yearly averages
  EXPORTER_URL                          Kepler, default http://localhost:9102/metrics
  EXTENDER_PORT, API_PORT, POLLER_PORT  default 8888, 5001, 8889, on 127.0.0.1 (..._HOST)
  DATA_DIR                              history and cache file, default ./data (demo: ./data/demo)
  ZONE_MAP                              zones of nodes: node-a=DE,node-b=FR
  LOG_LEVEL                             default here: warn; info logs every poll cycle
Runs until Ctrl-C. The history is kept.`;

function welcome(settings: Record<string, string | undefined>): string {
  const scheduler = `http://127.0.0.1:${settings.EXTENDER_PORT}`;
  const api = `http://127.0.0.1:${settings.API_PORT}`;
  const source = settings.ELECTRICITY_MAPS_API_KEY
    ? 'Electricity Maps'
    : 'keyless providers where available, otherwise yearly averages (set ELECTRICITY_MAPS_API_KEY for hourly values)';
  const names = (settings.ZONE_MAP ?? '').split(',').map((pair) => `"${pair.split('=')[0]?.trim()}"`);
  const token = tokenHeader(settings);
  return `
carbon-extender is running. Press Ctrl-C to stop it; the history is kept.

  poller    carbon intensity from ${source}
            writes ${settings.CACHE_FILE}, records power from Kepler at ${settings.EXPORTER_URL ?? 'http://localhost:9102/metrics'}
  extender  serves kube-scheduler at ${scheduler} and the REST API at ${api}
  dashboard ${api}/
  history   in ${settings.DATA_DIR}

Try, in another terminal:

  # 1. Score two nodes as kube-scheduler would: which one is cleaner?
  curl -s ${scheduler}/prioritize -H 'Content-Type: application/json' \\
    -d '{"Pod":{"metadata":{"name":"hello","namespace":"default"}},"Nodes":null,"NodeNames":[${names.join(',')}]}'

  # 2. Recorded carbon intensity
  curl -s${token} ${api}/api/co2-intensities

  # 3. Health, and what is being measured
  curl -s ${api}/health

  # 4. Zones ranked by intensity, on the command line
  ${inFolder(settings)}npm run -s carbon -- zones

`;
}

/** The Authorization header as an argument of curl if API_TOKEN is set, otherwise nothing. */
export function tokenHeader({ API_TOKEN, API_TOKEN_FILE }: Record<string, string | undefined>): string {
  return API_TOKEN || API_TOKEN_FILE ? ' -H "Authorization: Bearer $API_TOKEN"' : '';
}

/** Prefix of a command that makes it read this history; empty for the default directory. */
export function inFolder({ DATA_DIR = '' }: Record<string, string | undefined>): string {
  return DATA_DIR === resolve('data') ? '' : `DATA_DIR=${relative('.', DATA_DIR)} `;
}
