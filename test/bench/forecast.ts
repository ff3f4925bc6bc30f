import { type Accuracy, forecastAccuracy } from '../../shared/forecast/accuracy.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { bestStaticThreshold, oracle, sevenDayProfile } from './forecast/baselines.ts';
import { forecastsOf } from './forecast/forecasts.ts';
import { pausedMean, planAndRevise, planOnce } from './forecast/policies.ts';
import { dayAheadError, scenarioShares } from './forecast/scenarios.ts';
import { runningSums, shareOf, shareOfPaused } from './forecast/shares.ts';
import { trace2021 } from './forecast/years.ts';

/** A table of the benchmark: numbers by zone and column. */
type Table = Map<Zone, Record<string, number>>;

/** Parts of the benchmark, each a table or two; all of them take about ten minutes. */
const PARTS = ['shares', 'scenarios', 'paused'] as const;

/** Prints what the forecast and the planner are worth on the 2021 trace; `parts` and `zones` narrow it down. */
export function benchForecast(parts: readonly string[] = PARTS, zones?: readonly string[]): void {
  const trace = trace2021();
  const [shares, errors, scenarios, paused]: Table[] = [new Map(), new Map(), new Map(), new Map()] as [
    Table,
    Table,
    Table,
    Table,
  ];
  for (const zone of trace.zones.keys()) {
    if (zones && !zones.includes(zone)) continue;
    const values = trace.zones.get(zone) as Float64Array;
    const all = forecastsOf(trace, zone, { neighbours: [...trace.zones.keys()] });
    if (parts.includes('shares')) {
      const alone = forecastsOf(trace, zone);
      const strict = forecastsOf(trace, zone, { neighbours: [...trace.zones.keys()], isPresentKnown: false });
      const defaults = shareOf(values, planAndRevise(all));
      shares.set(zone, {
        'threshold*': bestStaticThreshold(values),
        '7-day hour': shareOf(values, sevenDayProfile(values, true)).share,
        'alone rev': shareOf(values, planAndRevise(alone, 0)).share,
        'once min0': shareOf(values, planOnce(all, 0)).share,
        'rev min0': shareOf(values, planAndRevise(all, 0)).share,
        'rev min5': shareOf(values, planAndRevise(all, 5)).share,
        'strict rev': shareOf(values, planAndRevise(strict)).share,
        DEFAULTS: defaults.share,
        'wait h': defaults.wait,
        'saves %': defaults.saving,
        'oracle %': shareOf(values, oracle(values)).saving,
      });
      const { ours, yesterday } = dayAheadError(trace, zone, strict);
      const accuracy = forecastAccuracy(all.made, { start: trace.start, values });
      errors.set(zone, {
        'MAPE 24 h': ours,
        yesterday,
        ...bandHeld(accuracy),
        'fit ms': all.fitMs,
        'forecast ms': all.forecastMs,
      });
    }
    if (parts.includes('scenarios')) scenarios.set(zone, scenarioShares(trace, zone, all));
    if (parts.includes('paused')) {
      const { byDuration, share, late } = shareOfPaused(values, pausedMean(all, runningSums(values)));
      const [one = 0, four = 0, eight = 0] = byDuration;
      paused.set(zone, { '1 h': one, '4 h': four, '8 h': eight, mixed: share, 'deadlines missed': late });
    }
  }
  print(
    'Share of the clairvoyant saving in %, jobs of 1, 4 and 8 h, 24 h slack, arriving every third hour from day 60',
    shares,
  );
  print(
    'Day-ahead MAPE in % (made at 00Z from earlier hours only); values within the band in %, nominal 80, by hours ahead',
    errors,
  );
  print(
    'Share with the defaults, revised: short histories, gaps, perfect provider forecasts of so many hours, a change of provider',
    scenarios,
  );
  print(
    'Work that may pause (min-run 1 h, restart 2 min, 4 interruptions), share of the contiguous clairvoyant saving in %',
    paused,
  );
  console.log(
    'threshold*: the best static threshold in hindsight. strict: the present hour is not known. told: joined with our own; alone: the provider’s by itself.',
  );
}

/** Share of the values within the band, by groups of hours ahead. */
function bandHeld(accuracy: readonly Accuracy[]): Record<string, number> {
  const held = (from: number, to: number) => {
    const group = accuracy.filter(({ hoursAhead }) => hoursAhead >= from && hoursAhead <= to);
    return (100 * group.reduce((sum, { withinBand }) => sum + (withinBand ?? 0), 0)) / group.length;
  };
  return { 'band 1 h': held(1, 1), '2-5 h': held(2, 5), '6-23 h': held(6, 23), '24-71 h': held(24, 71) };
}

function print(title: string, table: Table): void {
  const [first] = table.values();
  if (first === undefined) return;
  const columns = Object.keys(first);
  const width = (column: string) => Math.max(9, column.length + 2);
  const row = (name: string, cell: (column: string) => string) =>
    name.padEnd(14) + columns.map((column) => cell(column).padStart(width(column))).join('');
  console.log(`${title}\n${row('zone', (column) => column)}`);
  for (const [zone, cells] of table) console.log(row(zone, (column) => (cells[column] ?? Number.NaN).toFixed(1)));
  const all = (column: string) => [...table.values()].map((cells) => cells[column] ?? Number.NaN);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  console.log(row('mean', (column) => mean(all(column)).toFixed(1)));
  console.log(`${row('worst', (column) => Math.min(...all(column)).toFixed(1))}\n`);
}

if (import.meta.main) {
  const [parts, zones] = process.argv.slice(2).map((text) => text.split(','));
  benchForecast(parts, zones);
}
