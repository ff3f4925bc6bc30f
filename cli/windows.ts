import { Command } from 'commander';
import { placeRegion } from '../shared/calculator/region.ts';
import { type CleanWindow, cleanestWindows, type HourValue } from '../shared/calculator/windows.ts';
import type { CachedRegion } from '../shared/grid/carbon-cache.ts';
import type { ForecastPoint, HourlyIntensity } from '../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { IntensityReader } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { forecastFromApi, intensitiesFromApi, zonesFromApi } from './api-recorded.ts';
import { readCache } from './cache-file.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseNumber } from './options.ts';
import { ownForecast } from './own-forecast.ts';
import { gramsPerKwh } from './result-text.ts';
import { cliConfig } from './settings.ts';
import { withHistory } from './stores.ts';
import { type Column, textTable } from './table.ts';

interface WindowsOptions {
  readonly zone: string;
  readonly hours: string;
  readonly count: string;
  readonly json?: boolean;
}

/** The cleanest windows of a time span, with their data source. */
interface WindowList {
  readonly windows: readonly CleanWindow[];
  readonly source: string;
  /** Hours of the span with a known intensity. */
  readonly hours: number;
}

const WEEK_MS = 7 * 24 * HOUR_MS;
const MAX_HOURS = 72;

const COLUMNS: readonly Column<CleanWindow>[] = [
  { title: 'From (UTC)', cell: ({ from }) => from.slice(0, 16).replace('T', ' ') },
  { title: 'To', cell: ({ to }) => to.slice(0, 16).replace('T', ' ') },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => gramsPerKwh(row.avg_gCO2_per_kWh) },
  { title: 'Below mean', align: 'right', cell: (row) => `${row.percent_below_mean.toFixed(1)} %` },
];

/** `carbon windows`: the cleanest consecutive hours of a zone, ahead and in the past week. */
export function windowsCommand(env: Environment, io: Io): Command {
  return new Command('windows')
    .description('Find the cleanest windows of a zone, ahead and in the last 7 days')
    .requiredOption('--zone <zone>', 'grid zone (DE) or cloud region (us-east-1)')
    .option('--hours <n>', `length of a window in full hours, 1 to ${MAX_HOURS}`, '4')
    .option('--count <n>', 'number of windows', '3')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
${API_HELP}
${examples(
  'carbon windows --zone DE --hours 4',
  `carbon windows --zone us-west-2 --hours 8 --count 1 --json | jq -r '.ahead.windows[0].from'`,
)}`,
    )
    .action((options: WindowsOptions) => show(options, env, io));
}

async function show(options: WindowsOptions, env: Environment, io: Io): Promise<void> {
  const hours = parseNumber('--hours', options.hours, { least: 1, most: MAX_HOURS, whole: true });
  const count = parseNumber('--count', options.count, { least: 1, most: 50, whole: true });
  const now = io.clock.now();
  const api = apiClient(env);
  const known = await (api ? readApi(api, options.zone, now) : readStore(env, options.zone, now));
  const { zone, points } = known;
  const recent = known.recent.filter(({ hour, signal }) => signal === 'average' && hour >= now - WEEK_MS);
  const ahead = windowsIn(valuesOf(points.points), hours, count, points.source);
  const sources = new Set(recent.map(({ provider, quality }) => `${provider} (${quality})`));
  const values = recent.map(({ hour, carbonIntensity }) => ({ hour, gCO2_per_kWh: carbonIntensity }));
  const past = windowsIn(values, hours, count, [...sources].join(' + '));
  if (ahead.windows.length === 0 && past.windows.length === 0) throw noWindow(zone, hours, ahead, past);
  if (options.json) return io.out(`${JSON.stringify({ zone, hours, ahead, last_7_days: past }, null, 2)}\n`);
  print(zone, hours, ahead, past, io);
}

/** What is known of a zone: recorded hours of the last week, and the hours ahead with their source. */
interface KnownHours {
  readonly zone: Zone;
  readonly recent: readonly HourlyIntensity[];
  readonly points: { readonly points: readonly ForecastPoint[]; readonly source: string };
}

async function readStore(env: Environment, region: string, now: EpochMs): Promise<KnownHours> {
  const config = cliConfig(env);
  const cache = readCache(config, now);
  const cached = cache.kind === 'missing' ? undefined : cache.snapshot.regions;
  return withHistory(config, async (history) => {
    const { zone } = placeRegion(region, [...(await history.zones()), ...(cached?.keys() ?? [])]);
    const recent = await history.intensities([zone], { from: now - WEEK_MS, to: now });
    return { zone, recent, points: await pointsAhead(history, zone, cached?.get(zone), now) };
  });
}

async function readApi(api: ApiClient, region: string, now: EpochMs): Promise<KnownHours> {
  const [present, all] = await Promise.all([
    zonesFromApi(api),
    intensitiesFromApi(api, { from: now - WEEK_MS, to: now }),
  ]);
  const { zone } = placeRegion(region, [...present, ...all.map((row) => row.zone)]);
  const ahead = await forecastFromApi(api, zone);
  const points = (ahead?.points ?? []).filter(({ datetime }) => datetime >= hourOf(now));
  const recent = all.filter((row) => row.zone === zone);
  return { zone, recent, points: { points, source: `forecast of ${ahead?.source ?? 'the API'}` } };
}

/** The forecast of the cache file, or one made from the history where it has none. */
async function pointsAhead(history: IntensityReader, zone: Zone, cached: CachedRegion | undefined, now: EpochMs) {
  const ahead = (cached?.forecast ?? []).filter(({ datetime }) => datetime >= hourOf(now));
  if (ahead.length > 0) return { points: ahead, source: `forecast of ${cached?.forecastSource ?? cached?.provider}` };
  const own = await ownForecast(history, zone, now);
  return { points: own ?? [], source: 'forecast from the recorded history' };
}

function valuesOf(points: readonly ForecastPoint[]): HourValue[] {
  return points.map(({ datetime, carbonIntensity }) => ({ hour: datetime, gCO2_per_kWh: carbonIntensity }));
}

function windowsIn(values: readonly HourValue[], hours: number, count: number, source: string): WindowList {
  return { windows: cleanestWindows(values, hours, count), source, hours: values.length };
}

function print(zone: Zone, hours: number, ahead: WindowList, past: WindowList, io: Io): void {
  if (ahead.windows.length > 0)
    io.out(
      `${io.style('bold', `${zone}: cleanest ${hours} h ahead`)} (${ahead.source}, ${ahead.hours} hours)\n${textTable(COLUMNS, ahead.windows)}`,
    );
  else
    io.note(
      `No forecast of ${zone} covers ${hours} h: the cache file has none, and the history is too short to make one.`,
    );
  if (ahead.windows.length > 0 && past.windows.length > 0) io.out('\n');
  if (past.windows.length > 0)
    io.out(
      `${io.style('bold', `${zone}: cleanest ${hours} h of the last 7 days`)} (${past.source}, ${past.hours} of 168 hours known)\n${textTable(COLUMNS, past.windows)}`,
    );
  else io.note(`No ${hours} consecutive hours of ${zone} are recorded in the last 7 days.`);
}

function noWindow(zone: Zone, hours: number, ahead: WindowList, past: WindowList): Error {
  const known = Math.max(ahead.hours, past.hours);
  const hint = known > 0 ? `${known} hours are known, so try --hours 1` : 'the poller records the zones in ZONES';
  return cliError('NO_WINDOW', { zone, hours, hint });
}
