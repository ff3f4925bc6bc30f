import type { CommandLine } from '../shared/runtime/command-line.ts';

/** The command line of `node poller/main.ts`. */
export const POLLER_COMMAND_LINE: CommandLine<'check-config' | 'once'> = {
  file: 'poller/main.ts',
  purpose: `Polls grid data providers and Kepler, writes the cache file and the history. Runs until SIGTERM or Ctrl-C.`,
  modes: {
    'check-config': 'print the settings with secrets hidden, or every problem with them, and exit',
    once: 'one poll cycle of the grid: fetch, write cache and history, and exit',
  },
  more: `Settings are environment variables (all of them: docs/configuration.md). The most important:
  ZONES                      grid zones, with commas between: DE,FR,US-CAL-CISO
  ELECTRICITY_MAPS_API_KEY   or ELECTRICITY_MAPS_API_KEY_FILE; without it key-less services and yearly averages
  EXPORTER_URL               Kepler, default http://localhost:9102/metrics
  CACHE_FILE, DATA_DIR       default /cache/carbon_cache.json and /data; both folders must be writable
  POLL_INTERVAL_MINUTES      default 5; SCRAPE_INTERVAL_SECONDS: default 15
  POLLER_PORT                /healthz, /readyz and /metrics, default 8889

Examples:
  ZONES=DE,FR CACHE_FILE=data/carbon_cache.json DATA_DIR=data npm run -s poller
  ZONES=DE CACHE_FILE=data/carbon_cache.json DATA_DIR=data npm run -s poller -- --once

Exit codes: 0 done; 1 invalid configuration, or the start failed; with --once also 2 no provider responded in three
attempts, 3 the database could not be written.`,
};
