import type { CommandLine } from '../shared/runtime/command-line.ts';

/** What `node extender/main.ts` takes. */
export const EXTENDER_COMMAND_LINE: CommandLine<'check-config' | 'watchdog'> = {
  file: 'extender/main.ts',
  purpose: `Serves kube-scheduler, the REST API and the dashboard. Runs until SIGTERM or Ctrl-C.`,
  modes: {
    'check-config': 'print the settings (secrets hidden), or every problem with them, and exit',
    watchdog: 'release every gated pod whose deadline has passed, and exit',
  },
  more: `Settings are environment variables (all of them: docs/configuration.md). The most important:
  EXTENDER_PORT              port that kube-scheduler calls, default 8888
  API_PORT                   REST API and dashboard, default 5001; API_TOKEN requires a bearer token
  CACHE_FILE, DATA_DIR       those of the poller, default /cache/carbon_cache.json and /data
  ZONE_MAP, DEFAULT_ZONE     zones of nodes without labels: node-a=DE,node-b=FR
  DEFERRAL                   on, advise or off: whether pods wait for a cleaner hour

Example:
  CACHE_FILE=data/carbon_cache.json DATA_DIR=data ZONE_MAP=node-a=DE,node-b=FR npm run -s extender

Exit codes: 0 done; 1 a setting is invalid, or the start failed.`,
};
