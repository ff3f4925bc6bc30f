import { Command } from 'commander';
import { CalculatorError } from '../shared/calculator/error.ts';
import { placeRegion } from '../shared/calculator/region.ts';
import { type CleanWindow, cleanestWindows, type HourValue } from '../shared/calculator/windows.ts';
import type { CachedRegion } from '../shared/grid/carbon-cache.ts';
import type { ForecastPoint } from '../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { IntensityReader } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { readCache } from './cache-file.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
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

/** Windows of one span of time, with what they rest on. */
interface Windows {
  readonly windows: readonly CleanWindow[];
  readonly source: string;
  /** Hours of the span that are known. */
  readonly hours: number;
}

const WEEK_MS = 7 * 24 * HOUR_MS;
const MOST_HOURS = 72;

const COLUMNS: readonly Column<CleanWindow>[] = [
  { title: 'From (UTC)', cell: ({ from }) => from.slice(0, 16).replace('T', ' ') },
  { title: 'To', cell: ({ to }) => to.slice(0, 16).replace('T', ' ') },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => gramsPerKwh(row.avg_gCO2_per_kWh) },
  { title: 'Below mean', align: 'right', cell: (row) => `${row.percent_below_mean.toFixed(1)} %` },
];

/** `carbon windows`: when a zone is, and was, cleanest for some hours in a row. */
export function windowsCommand(env: Environment, io: Io): Command {
  return new Command('windows')
    .description('The cleanest windows of a zone ahead and of the last 7 days')
    .requiredOption('--zone <zone>', 'grid zone (DE) or cloud region (us-east-1)')
    .option('--hours <n>', `length of a window in full hours, 1 to ${MOST_HOURS}`, '4')
    .option('--count <n>', 'how many windows', '3')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'carbon windows --zone DE --hours 4',
        `carbon windows --zone us-west-2 --hours 8 --count 1 --json | jq -r '.ahead.windows[0].from'`,
      ),
    )
    .action((options: WindowsOptions) => show(options, env, io));
}

async function show(options: WindowsOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const hours = wholeUpTo('--hours', options.hours, MOST_HOURS);
  const count = wholeUpTo('--count', options.count, 50);
  const now = io.clock.now();
  const cache = readCache(config.CACHE_FILE, now);
  const cached = cache.kind === 'missing' ? undefined : cache.snapshot.regions;
  const known = await withHistory(config, async (history) => {
    const { zone } = placeRegion(options.zone, [...(await history.zones()), ...(cached?.keys() ?? [])]);
    const recent = await history.intensities([zone], { from: now - WEEK_MS, to: now });
    return { zone, recent, points: await pointsAhead(history, zone, cached?.get(zone), now) };
  });
  const { zone, points } = known;
  const recent = known.recent.filter(({ hour, signal }) => signal === 'average' && hour >= now - WEEK_MS);
  const ahead = among(valuesOf(points.points), hours, count, points.source);
  const sources = new Set(recent.map(({ provider, quality }) => `${provider} (${quality})`));
  const values = recent.map(({ hour, carbonIntensity }) => ({ hour, gCO2_per_kWh: carbonIntensity }));
  const past = among(values, hours, count, [...sources].join(' + '));
  if (ahead.windows.length === 0 && past.windows.length === 0) throw nothing(zone, hours, ahead, past);
  if (options.json) return io.out(`${JSON.stringify({ zone, hours, ahead, last_7_days: past }, null, 2)}\n`);
  print(zone, hours, ahead, past, io);
}

/** The cache file's forecast; where it has none, our own from the history. */
async function pointsAhead(history: IntensityReader, zone: Zone, cached: CachedRegion | undefined, now: EpochMs) {
  const ahead = (cached?.forecast ?? []).filter(({ datetime }) => datetime >= hourOf(now));
  if (ahead.length > 0) return { points: ahead, source: `forecast of ${cached?.forecastSource ?? cached?.provider}` };
  const own = await ownForecast(history, zone, now);
  return { points: own ?? [], source: 'our own forecast from the recorded history' };
}

function valuesOf(points: readonly ForecastPoint[]): HourValue[] {
  return points.map(({ datetime, carbonIntensity }) => ({ hour: datetime, gCO2_per_kWh: carbonIntensity }));
}

function among(values: readonly HourValue[], hours: number, count: number, source: string): Windows {
  return { windows: cleanestWindows(values, hours, count), source, hours: values.length };
}

function print(zone: Zone, hours: number, ahead: Windows, past: Windows, io: Io): void {
  if (ahead.windows.length > 0)
    io.out(
      `${io.style('bold', `${zone}: cleanest ${hours} h ahead`)} (${ahead.source}, ${ahead.hours} hours)\n${textTable(COLUMNS, ahead.windows)}`,
    );
  else
    io.talk(
      `No ${hours} h of ${zone} are forecast: the cache file holds no forecast of it, and the history is too short for one.`,
    );
  if (ahead.windows.length > 0 && past.windows.length > 0) io.out('\n');
  if (past.windows.length > 0)
    io.out(
      `${io.style('bold', `${zone}: cleanest ${hours} h of the last 7 days`)} (${past.source}, ${past.hours} of 168 hours known)\n${textTable(COLUMNS, past.windows)}`,
    );
  else io.talk(`No ${hours} h in a row of ${zone} are recorded in the last 7 days.`);
}

function nothing(zone: Zone, hours: number, ahead: Windows, past: Windows): CalculatorError {
  const longest = Math.max(ahead.hours, past.hours);
  const hint =
    longest > 0 ? `; ${longest} hours are known, so try --hours 1` : '; the poller records the zones in ZONES';
  return new CalculatorError('no-data', `neither forecast nor history of ${zone} has ${hours} hours in a row${hint}`);
}

function wholeUpTo(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  const close = Number.isFinite(value) ? Math.min(most, Math.max(1, Math.round(value))) : 1;
  throw new CalculatorError(
    'bad-number',
    `${option} must be a whole number from 1 to ${most}, not ${text}; the nearest is ${close}`,
  );
}
