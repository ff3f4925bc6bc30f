import { join, resolve } from 'node:path';
import { Command } from 'commander';
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
    ZONE_MAP: 'node-a=US-CAL-CISO,node-b=US-MIDW-MISO',
    LOG_LEVEL: 'warn',
    ...withoutEmpty(env),
  };
}

/** Leaves out variables that are set to nothing, which count as unset. */
export function withoutEmpty(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
}

/** `carbon up`: poller and extender side by side on this machine. */
export function upCommand(env: Environment): Command {
  return new Command('up')
    .description(
      'Run poller and extender side by side on this machine, with the embedded store. Settings: docs/configuration.md',
    )
    .addHelpText('after', examples('carbon up', 'ZONES=DE,FR ELECTRICITY_MAPS_API_KEY=... carbon up'))
    .action(async () => {
      const settings = localSettings(env);
      process.exitCode = await runSideBySide(settings, () => process.stdout.write(welcome(settings)));
    });
}

function welcome(settings: Record<string, string | undefined>): string {
  const scheduler = `http://127.0.0.1:${settings.EXTENDER_PORT}`;
  const api = `http://127.0.0.1:${settings.API_PORT}`;
  const source = settings.ELECTRICITY_MAPS_API_KEY
    ? 'Electricity Maps'
    : "key-less services where there are any, else yearly averages (set ELECTRICITY_MAPS_API_KEY for this hour's values)";
  return `
carbon-extender is running. Ctrl-C stops it; the history stays.

  poller    asks for carbon intensity: ${source}
            writes ${settings.CACHE_FILE}, records Kepler at ${settings.EXPORTER_URL ?? 'http://localhost:9102/metrics'}
  extender  answers kube-scheduler at ${scheduler}, and REST queries at ${api}
  dashboard ${api}/
  history   in ${settings.DATA_DIR}

Try, in another terminal:

  # 1. What kube-scheduler would ask: which of two nodes is cleaner?
  curl -s ${scheduler}/prioritize -H 'Content-Type: application/json' \\
    -d '{"Pod":{"metadata":{"name":"hello","namespace":"default"}},"Nodes":null,"NodeNames":["node-a","node-b"]}'

  # 2. The grid, as recorded
  curl -s ${api}/api/co2-intensities

  # 3. What is being measured
  curl -s ${api}/health

`;
}
