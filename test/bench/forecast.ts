import { type Accuracy, forecastAccuracy } from '../../shared/forecast/accuracy.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { bestStaticThreshold, oracle, sevenDayProfile } from './forecast/baselines.ts';
import { forecastsOf } from './forecast/forecasts.ts';
import { pausedMean, planAndRevise, planOnce } from './forecast/policies.ts';
import { dayAheadError, scenarioShares } from './forecast/scenarios.ts';
import { isSampledForecast, runningSums, shareOf, shareOfPaused } from './forecast/shares.ts';
import { WEATHER_ZONES, weatherShares } from './forecast/weather.ts';
import { trace2021 } from './forecast/years.ts';

/** A table of the benchmark: its title, and the numbers of a zone by column. */
interface Table {
  readonly title: string;
  readonly zones: readonly Zone[];
  row(zone: Zone): Record<string, number>;
}

const trace = trace2021();
const TRACED = [...trace.zones.keys()];

/** The parts of the benchmark. All of them take about ten minutes on an idle core, each row is printed once it is known. */
const PARTS: Readonly<Record<string, Table>> = {
  shares: {
    title: [
      'Share of the clairvoyant saving in %, jobs of 1, 4 and 8 h, 24 h slack, arriving every third hour from day 60 of 2021; then',
      'day-ahead MAPE in % (made at 00Z from earlier hours only) and values within the band in %, nominal 80, by hours ahead.',
      'threshold*: the best static threshold in hindsight. alone: without other zones. Models are fitted every week.',
    ].join('\n'),
    zones: TRACED,
    row: sharesRow,
  },
  scenarios: {
    title: [
      'Share with the defaults, revised, alone, in one week of three: short histories, gaps, perfect provider forecasts of so many hours',
      '(joined with our own, and by themselves), a change of provider a day ago. Usual shapes are made without 2021.',
    ].join('\n'),
    zones: TRACED,
    row: (zone) => scenarioShares(trace, zone),
  },
  paused: {
    title: [
      'Work that may pause (min-run 1 h, restart 2 min, 4 interruptions), share of the contiguous clairvoyant saving in %, in one week',
      'of three, by duration; contiguous: the same jobs without pauses.',
    ].join('\n'),
    zones: TRACED,
    row: pausedRow,
  },
  weather: {
    title: [
      'With and without archived weather forecasts, last year of the weather set, in one week of three: share with the defaults, revised,',
      'and day-ahead MAPE, in %. noisy: the archive is the run of each day, so an error of 0.8 m/s is added to the wind.',
    ].join('\n'),
    zones: WEATHER_ZONES,
    row: weatherShares,
  },
};

/** Prints what the forecast and the planner are worth; `parts` and `zones` narrow it down. */
export function benchForecast(parts: readonly string[] = Object.keys(PARTS), zones?: readonly string[]): void {
  for (const [name, table] of Object.entries(PARTS)) {
    if (parts.includes(name))
      print(
        table,
        table.zones.filter((zone) => zones?.includes(zone) ?? true),
      );
  }
}

function sharesRow(zone: Zone): Record<string, number> {
  const values = trace.zones.get(zone) as Float64Array;
  const all = forecastsOf(trace, zone, { neighbours: TRACED });
  const alone = forecastsOf(trace, zone);
  const isWanted = (hour: number) => hour % 24 === 0;
  const strict = forecastsOf(trace, zone, { neighbours: TRACED, isPresentKnown: false, isWanted });
  const defaults = shareOf(values, planAndRevise(all));
  const { ours, yesterday } = dayAheadError(trace, zone, strict);
  return {
    'threshold*': bestStaticThreshold(values),
    '7-day hour': shareOf(values, sevenDayProfile(values, true)).share,
    'alone once': shareOf(values, planOnce(alone)).share,
    'alone rev': shareOf(values, planAndRevise(alone)).share,
    'once min0': shareOf(values, planOnce(all, 0)).share,
    'rev min0': shareOf(values, planAndRevise(all, 0)).share,
    'rev min5': shareOf(values, planAndRevise(all, 5)).share,
    DEFAULTS: defaults.share,
    'wait h': defaults.wait,
    'saves %': defaults.saving,
    'oracle %': shareOf(values, oracle(values)).saving,
    'MAPE 24 h': ours,
    yesterday,
    ...bandHeld(forecastAccuracy(all.made, { start: trace.start, values })),
  };
}

function pausedRow(zone: Zone): Record<string, number> {
  const values = trace.zones.get(zone) as Float64Array;
  const all = forecastsOf(trace, zone, { neighbours: TRACED, isWanted: isSampledForecast });
  const { byDuration, share, late } = shareOfPaused(values, pausedMean(all, runningSums(values)));
  const contiguous = planAndRevise(all);
  const sums = runningSums(values);
  const unpaused = shareOfPaused(values, (arrival, duration) => {
    const from = arrival + contiguous(arrival, duration);
    return { mean: ((sums[from + duration] as number) - (sums[from] as number)) / duration, isLate: false };
  });
  const [one = 0, four = 0, eight = 0] = byDuration;
  return { '1 h': one, '4 h': four, '8 h': eight, mixed: share, contiguous: unpaused.share, 'deadlines missed': late };
}

/** Share of the values within the band, by groups of hours ahead. */
function bandHeld(accuracy: readonly Accuracy[]): Record<string, number> {
  const held = (from: number, to: number) => {
    const group = accuracy.filter(({ hoursAhead }) => hoursAhead >= from && hoursAhead <= to);
    return (100 * group.reduce((sum, { withinBand }) => sum + (withinBand ?? 0), 0)) / group.length;
  };
  return { 'band 1 h': held(1, 1), '2-5 h': held(2, 5), '6-23 h': held(6, 23), '24-71 h': held(24, 71) };
}

function print({ title, row }: Table, zones: readonly Zone[]): void {
  const rows: Record<string, number>[] = [];
  const line = (name: string, cell: (column: string) => string) => {
    const cells = Object.keys(rows[0] ?? {}).map((column) => cell(column).padStart(Math.max(9, column.length + 2)));
    console.log(name.padEnd(14) + cells.join(''));
  };
  console.log(title);
  for (const zone of zones) {
    const cells = row(zone);
    rows.push(cells);
    if (rows.length === 1) line('zone', (column) => column);
    line(zone, (column) => (cells[column] ?? Number.NaN).toFixed(1));
  }
  const all = (column: string) => rows.map((cells) => cells[column] ?? Number.NaN);
  line('mean', (column) => (all(column).reduce((a, b) => a + b, 0) / rows.length).toFixed(1));
  line('worst', (column) => Math.min(...all(column)).toFixed(1));
  console.log('');
}

if (import.meta.main) {
  const [parts, zones] = process.argv.slice(2).map((text) => text.split(','));
  benchForecast(parts, zones);
}
