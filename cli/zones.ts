import { Command } from 'commander';
import type { CarbonSnapshot } from '../shared/grid/carbon-cache.ts';
import { isoTime } from '../shared/grid/units.ts';
import { yearlyIntensity, yearlyZones } from '../shared/grid/yearly-intensity.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { apiClient } from './api-client.ts';
import { gridFromApi } from './api-reports.ts';
import { readCache } from './cache-file.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { gramsPerKwh } from './result-text.ts';
import { type CliConfig, cliConfig } from './settings.ts';
import { type Column, textTable } from './table.ts';

interface ZonesOptions {
  readonly yearly?: boolean;
  readonly json?: boolean;
}

interface ZoneRow {
  /** null when the zone has another signal than the ranked zones, so that it cannot be compared with them. */
  readonly rank: number | null;
  readonly zone: string;
  /** As ZONES has it; absent in the yearly ranking, and from an API that does not say it. */
  readonly name?: string | undefined;
  readonly gCO2_per_kWh: number;
  readonly quality: string;
  readonly source: string;
  readonly signal: string;
  readonly of: string;
}

const COLUMNS: readonly Column<ZoneRow>[] = [
  { title: '#', align: 'right', cell: ({ rank }) => (rank === null ? '-' : String(rank)) },
  { title: 'Zone', cell: ({ zone, name = zone }) => (name === zone ? zone : `${name} (${zone})`) },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => gramsPerKwh(row.gCO2_per_kWh) },
  { title: 'Quality', cell: ({ quality }) => quality },
  { title: 'Source', cell: ({ source }) => source },
  { title: 'Signal', cell: ({ signal }) => signal },
  { title: 'Of', cell: ({ of }) => of },
];

/** `carbon zones`: the configured zones, cleanest first. */
export function zonesCommand(env: Environment, io: Io): Command {
  return new Command('zones')
    .description('Rank the configured grid zones by their current carbon intensity')
    .option('--yearly', 'rank all zones by the built-in yearly averages instead')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Reads the API at CARBON_API (with CARBON_API_TOKEN) if that is set, otherwise the cache file that the poller writes (CACHE_FILE).
${examples('carbon zones', `carbon zones --json | jq '.[0].zone'`, 'carbon zones --yearly')}`,
    )
    .action(async (options: ZonesOptions) => {
      const rows = options.yearly ? yearlyRows() : await currentRows(env, io);
      io.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : textTable(COLUMNS, rows));
    });
}

async function currentRows(env: Environment, io: Io): Promise<ZoneRow[]> {
  const api = apiClient(env);
  if (api === undefined) return rowsNow(cliConfig(env), io);
  const { state, reason, zones } = await gridFromApi(api);
  if (state === 'missing') throw cliError('CACHE_UNAVAILABLE', { file: api.url, reason: reason ?? 'no cache file' });
  if (state === 'stale') io.note('These values are stale. Check that the poller is running.');
  return zones.map(({ intensity_g_per_kwh, provider, datetime, ...zone }) => ({
    ...zone,
    gCO2_per_kWh: intensity_g_per_kwh,
    source: provider,
    of: datetime,
  }));
}

function rowsNow(config: CliConfig, io: Io): ZoneRow[] {
  const file = config.CACHE_FILE;
  const state = readCache(config, io.clock.now());
  if (state.kind === 'missing') throw cliError('CACHE_UNAVAILABLE', { file, reason: state.reason });
  if (state.kind === 'stale')
    io.note(
      `These values are stale: written ${isoTime(state.snapshot.writtenAt)}, valid for ${state.snapshot.ttlMs / 60_000} minutes. Check that the poller is running.`,
    );
  return rowsOf(state.snapshot);
}

function rowsOf({ ranked, unranked, regions }: CarbonSnapshot): ZoneRow[] {
  return [...ranked, ...unranked].flatMap((zone, index) => {
    const region = regions.get(zone);
    if (region === undefined) return [];
    return {
      rank: index < ranked.length ? index + 1 : null,
      zone,
      name: region.name ?? zone,
      gCO2_per_kWh: region.carbonIntensity,
      quality: region.quality,
      source: region.provider,
      signal: region.signal,
      of: isoTime(region.datetime),
    };
  });
}

function yearlyRows(): ZoneRow[] {
  return yearlyZones()
    .flatMap((zone) => ({ zone, yearly: yearlyIntensity(zone) }))
    .sort((a, b) => (a.yearly?.gramsPerKwh ?? 0) - (b.yearly?.gramsPerKwh ?? 0) || (a.zone < b.zone ? -1 : 1))
    .flatMap(({ zone, yearly }, index) =>
      yearly === undefined
        ? []
        : {
            rank: index + 1,
            zone,
            gCO2_per_kWh: yearly.gramsPerKwh,
            quality: 'yearly-average',
            source: yearly.source,
            signal: 'average',
            of: String(yearly.year),
          },
    );
}
