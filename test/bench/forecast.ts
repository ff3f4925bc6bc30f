import { type Accuracy, forecastAccuracy } from '../../shared/forecast/accuracy.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { bestStaticThreshold, oracle, sevenDayProfile } from './forecast/baselines.ts';
import { forecastsOf } from './forecast/forecasts.ts';
import { pausedMean, planAndRevise, planOnce } from './forecast/policies.ts';
import { dayAheadError, scenarioShares } from './forecast/scenarios.ts';
import { type Policy, runningSums, type Sample, sampleOf, shareOf, shareOfPaused } from './forecast/shares.ts';
import { WEATHER_ZONES, weatherShares } from './forecast/weather.ts';
import { trace2021, weatherYears } from './forecast/years.ts';

/** A table of the benchmark: its title, and the numbers of a zone by column. */
interface Table {
  readonly title: string;
  readonly zones: readonly Zone[];
  row(zone: Zone, sample: Sample): Record<string, number>;
}

const trace = trace2021();
const TRACED = [...trace.zones.keys()];
/** One week of so many is computed unless all are wanted. */
const SAMPLED_WEEKS = 6;

/** The parts of the benchmark. Each row is printed once it is known. */
const PARTS: Readonly<Record<string, Table>> = {
  shares: {
    title: [
      'Share of the clairvoyant saving in %, jobs of 1, 4 and 8 h, 24 h slack, arriving every third hour from day 60 of 2021; then',
      'day-ahead MAPE in % (made at 00Z from earlier hours only) and values within the band in %, nominal 80, by hours ahead.',
      'threshold*: the best static threshold in hindsight. alone: without other zones. From DEFAULTS on always all weeks, fits weekly.',
    ].join('\n'),
    zones: TRACED,
    row: sharesRow,
  },
  scenarios: {
    title: [
      'Share with the defaults, revised, alone: short histories, gaps, perfect provider forecasts of so many hours (joined with our',
      'own, and by themselves), a change of provider a day ago. Usual shapes are made without 2021.',
    ].join('\n'),
    zones: TRACED,
    row: (zone, sample) => scenarioShares(trace, zone, sample),
  },
  paused: {
    title: [
      'Work that may pause (min-run 1 h, 4 interruptions), share of the contiguous clairvoyant saving in %, by duration: restarts that',
      'cost nothing, as in the literature, and the default of 2 minutes; contiguous: the same jobs without pauses. All from a history',
      'that begins with the trace; year: with the years before it where they are known (those of the weather set).',
    ].join('\n'),
    zones: TRACED,
    row: pausedRow,
  },
  weather: {
    title: [
      'With and without archived weather forecasts, last year of the weather set: share with the defaults, revised, and day-ahead',
      'MAPE, in %. noisy: the archive is the run of each day, so an error of 0.8 m/s is added to the wind.',
    ].join('\n'),
    zones: WEATHER_ZONES,
    row: weatherShares,
  },
};

/** What is printed of {@link benchForecast}. */
interface Wanted {
  /** Default all. */
  readonly parts?: readonly string[] | undefined;
  readonly zones?: readonly string[] | undefined;
  /** Whether the whole year counts and models are fitted every week: an hour and more instead of 15 minutes. */
  readonly isFull?: boolean;
}

/** Prints what the forecast and the planner are worth. */
export function benchForecast({ parts = Object.keys(PARTS), zones, isFull = false }: Wanted = {}): void {
  const weeks = isFull ? 1 : SAMPLED_WEEKS;
  console.log(isFull ? 'All weeks, models fitted weekly.' : `One week of ${weeks}, models fitted every four weeks.`);
  for (const [name, table] of Object.entries(PARTS)) {
    if (parts.includes(name))
      print(
        table,
        table.zones.filter((zone) => zones?.includes(zone) ?? true),
        sampleOf(weeks),
      );
  }
}

function sharesRow(zone: Zone, { isArrival, isForecast: isWanted, refitHours }: Sample): Record<string, number> {
  const values = trace.zones.get(zone) as Float64Array;
  // The defaults and the band are those of the whole year in a sample, too: a band adapts over weeks.
  const all = forecastsOf(trace, zone, { neighbours: TRACED });
  const alone = forecastsOf(trace, zone, { isWanted, refitHours });
  const isMidnight = (hour: number) => hour % 24 === 0;
  const strict = forecastsOf(trace, zone, {
    ...{ neighbours: TRACED, isPresentKnown: false, isWanted: isMidnight, refitHours },
  });
  const share = (policy: Policy) => shareOf(values, policy, isArrival).share;
  const defaults = shareOf(values, planAndRevise(all));
  const { ours, yesterday } = dayAheadError(trace, zone, strict);
  return {
    'threshold*': bestStaticThreshold(values, isArrival),
    '7-day hour': share(sevenDayProfile(values, true)),
    'alone once': share(planOnce(alone)),
    'alone rev': share(planAndRevise(alone)),
    'once min0': share(planOnce(all, 0)),
    'rev min0': share(planAndRevise(all, 0)),
    'rev min5': share(planAndRevise(all, 5)),
    DEFAULTS: defaults.share,
    'wait h': defaults.wait,
    'saves %': defaults.saving,
    'oracle %': shareOf(values, oracle(values)).saving,
    'MAPE 24 h': ours,
    yesterday,
    ...bandHeld(forecastAccuracy(all.made, { start: trace.start, values })),
  };
}

function pausedRow(zone: Zone, { isArrival, isForecast: isWanted, refitHours }: Sample): Record<string, number> {
  const values = trace.zones.get(zone) as Float64Array;
  const sums = runningSums(values);
  const all = forecastsOf(trace, zone, { neighbours: TRACED, isWanted, refitHours });
  const longer = new Map([...weatherYears()].map(([of, { intensity }]) => [of, intensity]));
  const years = forecastsOf(trace, zone, { neighbours: TRACED, isWanted, refitHours, longer });
  const free = shareOfPaused(values, pausedMean(all, sums, { restartCostHours: 0 }), isArrival);
  const usual = shareOfPaused(values, pausedMean(all, sums), isArrival);
  const columns = (name: string, [one = 0, four = 0, eight = 0]: readonly number[], mixed: number) => ({
    ...{ [`${name} 1 h`]: one, [`${name} 4 h`]: four, [`${name} 8 h`]: eight, [`${name} MIXED`]: mixed },
  });
  return {
    ...columns('free', free.byDuration, free.share),
    ...columns('2 min', usual.byDuration, usual.share),
    contiguous: shareOf(values, planAndRevise(all), isArrival).share,
    'year MIXED': shareOfPaused(values, pausedMean(years, sums, { restartCostHours: 0 }), isArrival).share,
    'year contiguous': shareOf(values, planAndRevise(years), isArrival).share,
    'deadlines missed': free.late + usual.late,
  };
}

/** Share of the values within the band, by groups of hours ahead. */
function bandHeld(accuracy: readonly Accuracy[]): Record<string, number> {
  const held = (from: number, to: number) => {
    const group = accuracy.filter(({ hoursAhead }) => hoursAhead >= from && hoursAhead <= to);
    return (100 * group.reduce((sum, { withinBand }) => sum + (withinBand ?? 0), 0)) / group.length;
  };
  return { 'band 1 h': held(1, 1), '2-5 h': held(2, 5), '6-23 h': held(6, 23), '24-71 h': held(24, 71) };
}

function print({ title, row }: Table, zones: readonly Zone[], sample: Sample): void {
  const rows: Record<string, number>[] = [];
  const line = (name: string, cell: (column: string) => string) => {
    const cells = Object.keys(rows[0] ?? {}).map((column) => cell(column).padStart(Math.max(9, column.length + 2)));
    console.log(name.padEnd(14) + cells.join(''));
  };
  console.log(title);
  for (const zone of zones) {
    const cells = row(zone, sample);
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
  const words = process.argv.slice(2).filter((word) => word !== '--full');
  const [parts, zones] = words.map((text) => text.split(','));
  benchForecast({ parts, zones, isFull: process.argv.includes('--full') });
}
