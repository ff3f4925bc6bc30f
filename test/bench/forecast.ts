import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Accuracy, forecastAccuracy } from '../../shared/forecast/accuracy.ts';
import { parseTrace, type Trace } from '../../shared/grid/trace.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import {
  bestStaticThreshold,
  oracle,
  sevenDayProfile,
  trailingPercentile,
  weightedProfile,
} from './forecast/baselines.ts';
import { type Cost, forecastsOf, planAndRevise, planOnce } from './forecast/ours.ts';
import { shareOf } from './forecast/shares.ts';

/** Zones whose scores chose the settings: every second of the trace in alphabetical order. The other six were held out. */
const TUNED_ON: ReadonlySet<string> = new Set(['ES', 'PL', 'US-FLA-FPL', 'US-NE-ISNE', 'US-NY-NYIS']);
const HOURS_AHEAD = [1, 3, 6, 12, 24, 36, 48, 71];

/** What the forecast of one zone was worth. */
interface ZoneResult {
  readonly zone: Zone;
  /** Share of the clairvoyant saving in percent, by policy. */
  readonly shares: Readonly<Record<string, number>>;
  readonly accuracy: readonly Accuracy[];
  readonly cost: Cost;
}

/** Prints, per zone of the 2021 trace, the share of the clairvoyant saving of each policy, the accuracy and the cost of the forecast. */
export function benchForecast(): void {
  const file = new URL('../../shared/data/trace-2021.csv.gz', import.meta.url);
  const trace = parseTrace(gunzipSync(readFileSync(file)).toString());
  const results = [...trace.zones.keys()].map((zone) => measure(trace, zone));
  printShares(results);
  printAccuracy(results);
  printCost(results);
}

function measure(trace: Trace, zone: Zone): ZoneResult {
  const values = trace.zones.get(zone) as Float64Array;
  const forecasts = forecastsOf(trace, zone);
  const { strict, presentKnown } = forecasts;
  const clairvoyant = shareOf(values, oracle(values));
  return {
    zone,
    shares: {
      'threshold*': bestStaticThreshold(values),
      'p15 of 24h': shareOf(values, trailingPercentile(values)).share,
      '7-day': shareOf(values, sevenDayProfile(values, true)).share,
      weighted: shareOf(values, weightedProfile(values, false)).share,
      ours: shareOf(values, planOnce(strict, 0)).share,
      '+present': shareOf(values, planOnce(presentKnown, 0)).share,
      'min 5 %': shareOf(values, planOnce(strict)).share,
      revised: shareOf(values, planAndRevise(strict)).share,
      naive: shareOf(values, planAndRevise(strict, 0)).share,
      'oracle saves': clairvoyant.saving,
    },
    accuracy: forecastAccuracy(forecasts.made, { start: trace.start, values }),
    cost: forecasts.cost,
  };
}

function printShares(results: readonly ZoneResult[]): void {
  const policies = Object.keys(results[0]?.shares ?? {});
  const row = (name: string, cells: readonly string[]): string =>
    name.padEnd(22) + cells.map((cell) => cell.padStart(13)).join('');
  console.log('Share of the clairvoyant saving in %, jobs of 1, 4 and 8 h, 24 h slack, one every hour from day 60');
  console.log(row('zone', policies));
  for (const { zone, shares } of results) {
    const name = TUNED_ON.has(zone) ? `${zone} (tuned on)` : zone;
    console.log(
      row(
        name,
        policies.map((policy) => (shares[policy] as number).toFixed(1)),
      ),
    );
  }
  const groups: readonly [string, (zone: string) => boolean][] = [
    ['mean, tuned on', (zone) => TUNED_ON.has(zone)],
    ['mean, held out', (zone) => !TUNED_ON.has(zone)],
    ['mean, all', () => true],
  ];
  for (const [name, belongs] of groups) {
    const chosen = results.filter(({ zone }) => belongs(zone));
    console.log(
      row(
        name,
        policies.map((policy) => mean(chosen.map(({ shares }) => shares[policy] as number)).toFixed(1)),
      ),
    );
  }
  console.log(
    'threshold*: static, the best in hindsight. 7-day: present hour known. weighted, ours: data strictly before the start;\n' +
      '+present: present hour known too. min 5 %: runs now for less. revised, naive: looked at again every hour and when due, with and without margin.\n' +
      'oracle saves: the clairvoyant saving in % of running now.\n',
  );
}

function printAccuracy(results: readonly ZoneResult[]): void {
  console.log(
    'Mean absolute error in gCO2eq/kWh (same hour of the last known day in brackets), by hours ahead; band: nominal 80 %',
  );
  console.log(`${'zone'.padEnd(14) + HOURS_AHEAD.map((hours) => `${hours} h`.padStart(15)).join('')}    within band`);
  for (const { zone, accuracy } of results) {
    const cells = HOURS_AHEAD.map((hours) => {
      const found = accuracy.find(({ hoursAhead }) => hoursAhead === hours);
      return `${found?.meanAbsoluteError.toFixed(1)} (${found?.yesterdayMeanAbsoluteError.toFixed(1)})`.padStart(15);
    });
    console.log(zone.padEnd(14) + cells.join('') + `${(100 * within(accuracy)).toFixed(1)} %`.padStart(15));
  }
  const heldOut = results.filter(({ zone }) => !TUNED_ON.has(zone));
  const share = (of: readonly ZoneResult[]): string =>
    (100 * mean(of.map(({ accuracy }) => within(accuracy)))).toFixed(1);
  console.log(`within band: all ${share(results)} %, held out ${share(heldOut)} %\n`);
}

function printCost(results: readonly ZoneResult[]): void {
  const fits = mean(results.map(({ cost }) => cost.fitMs / cost.fits));
  const longest = Math.max(...results.map(({ cost }) => cost.longestFitMs));
  const each = mean(results.map(({ cost }) => cost.forecastMs / cost.forecasts));
  console.log(
    `cost: learning ${fits.toFixed(0)} ms per zone (longest ${longest.toFixed(0)}), forecasting ${each.toFixed(2)} ms`,
  );
}

function within(accuracy: readonly Accuracy[]): number {
  return mean(accuracy.map(({ withinBand }) => withinBand ?? Number.NaN));
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

if (import.meta.main) benchForecast();
