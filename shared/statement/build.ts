import {
  addMarket,
  emptyMarketSum,
  type MarketSum,
  type MatchedHour,
  marketFigures,
  plusMarket,
} from '../emissions/matching.ts';
import { emissions } from '../emissions/pricing.ts';
import { BASELINES } from '../emissions/savings.ts';
import { type GramsPerKwh, HOUR_MS, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { FactorSums } from './factors.ts';
import { MachineSums } from './machines.ts';
import type { RowOf, StatementRow, StatementRows } from './rows.ts';
import { rowsHash } from './seal.ts';
import type { StatementFigures } from './statement.ts';

type Day = StatementFigures['days'][number];

/** Figures of a statement from its rows alone, so that rows that were kept give them again. */
export async function figuresOf(range: TimeRange, batches: AsyncIterable<StatementRows>): Promise<StatementFigures> {
  const sums = new StatementSums();
  const days: Day[] = [];
  let savings: readonly RowOf<'saving'>[] = [];
  for await (const { day, rows } of batches)
    if (day === null) savings = rows.filter((row) => row.row === 'saving');
    else days.push(sums.addDay(day, rows));
  return { ...sums.figures(range), savings: savingsOf(savings), savings_sha256: rowsHash(savings), days };
}

/** Adds hours up over days. */
class StatementSums {
  #joules = 0;
  #low = 0;
  #high = 0;
  #gpuJoules: number | undefined;
  #pricedJoules = 0;
  #grams = 0;
  #unplacedJoules = 0;
  #market: MarketSum | undefined;
  readonly #powerQualities = new Map<string, number>();
  readonly #intensityQualities = new Map<string, number>();
  readonly #hours = new Set<string>();
  readonly #factors = new FactorSums();
  readonly #machines = new MachineSums();

  addDay(day: string, rows: readonly StatementRow[]): Day {
    const factors = new Map(rows.filter((row) => row.row === 'factor').map((row) => [`${row.zone} ${row.hour}`, row]));
    const matches = new Map(rows.filter((row) => row.row === 'match').map((row) => [`${row.zone} ${row.hour}`, row]));
    const machines = new Map(
      rows.filter((row) => row.row === 'machine').map((row) => [`${row.node} ${row.hour}`, row]),
    );
    // Sums of numbers depend on their order, and stores have each its own.
    const energies = rows.filter((row) => row.row === 'energy').sort(byPlace);
    const market = matches.size > 0 || this.#market !== undefined ? emptyMarketSum() : undefined;
    const sum = { joules: 0, grams: 0 };
    for (const row of energies) {
      const key = `${row.zone} ${row.hour}`;
      const factor = factors.get(key);
      sum.joules += row.joules;
      sum.grams += this.#add(row, factor);
      this.#machines.add(row.joules, machines.get(`${row.node} ${row.hour}`));
      if (market !== undefined) addMarket(market, row.joules as Joules, matchedOf(matches.get(key)), rateOf(factor));
    }
    for (const row of [...factors.values()].sort(byPlace)) this.#factors.add(row);
    for (const row of [...machines.values()].sort(byPlace)) this.#machines.addSources(row);
    this.#grams += sum.grams;
    this.#market = plusMarket(this.#market, market, 1);
    return {
      ...{ day, rows: rows.length, kwh: kwh(sum.joules), location_grams: sum.grams },
      market_grams: market === undefined ? null : marketFigures(market, sum.joules).grams,
      energy_sha256: rowsHash(energies),
      factors_sha256: rowsHash([...factors.values()]),
      matches_sha256: rowsHash([...matches.values()]),
      machines_sha256: rowsHash([...machines.values()]),
    };
  }

  figures({ from, to }: TimeRange): Omit<StatementFigures, 'days' | 'savings' | 'savings_sha256'> {
    const hours = (to - from) / HOUR_MS;
    const market = this.#market && marketFigures(this.#market, this.#joules);
    return {
      energy: {
        ...{ kwh: kwh(this.#joules), kwh_low: kwh(this.#low), kwh_high: kwh(this.#high) },
        gpu_kwh: this.#gpuJoules === undefined ? null : kwh(this.#gpuJoules),
        by_quality_kwh: Object.fromEntries([...this.#powerQualities].sort()),
      },
      scope_2: {
        location_based: {
          grams: this.#pricedJoules > 0 ? this.#grams : null,
          unknown_kwh: kwh(this.#joules - this.#pricedJoules),
          g_per_kwh: this.#pricedJoules > 0 ? this.#grams / kwh(this.#pricedJoules) : null,
        },
        market_based: market
          ? {
              ...{ grams: market.grams, unknown_kwh: market.unknownKwh, matched_kwh: market.matchedKwh },
              ...{ matched_share: market.share, rest: [...market.bases] },
            }
          : null,
      },
      coverage: {
        ...{ hours, hours_with_power: this.#hours.size },
        energy_with_intensity: this.#joules > 0 ? this.#pricedJoules / this.#joules : null,
      },
      intensity_quality_kwh: Object.fromEntries([...this.#intensityQualities].sort()),
      factors: this.#factors.list(),
      ...this.#machines.figures(),
      missing: this.#missing(hours),
    };
  }

  #add(row: RowOf<'energy'>, factor: RowOf<'factor'> | undefined): number {
    this.#hours.add(row.hour);
    this.#joules += row.joules;
    this.#low += row.joules * row.low;
    this.#high += row.joules * row.high;
    if (row.device === 'gpu') this.#gpuJoules = (this.#gpuJoules ?? 0) + row.joules;
    if (row.zone === null) this.#unplacedJoules += row.joules;
    addTo(this.#powerQualities, row.power_quality, kwh(row.joules));
    if (factor === undefined) return 0;
    this.#pricedJoules += row.joules;
    addTo(this.#intensityQualities, factor.quality, kwh(row.joules));
    return emissions(row.joules as Joules, factor.g_per_kwh as GramsPerKwh);
  }

  #missing(hours: number): string[] {
    const missing: string[] = [];
    const dark = hours - this.#hours.size;
    if (dark > 0) missing.push(`power of ${dark} of ${hours} hours: what ran then is not in the energy`);
    const unpriced = this.#joules - this.#pricedJoules - this.#unplacedJoules;
    if (unpriced > 0) missing.push(`intensity of ${kwh(unpriced).toFixed(3)} kWh: not in the location-based grams`);
    if (this.#unplacedJoules > 0)
      missing.push(`grid zone of the nodes of ${kwh(this.#unplacedJoules).toFixed(3)} kWh: not in the grams`);
    const { facility, embodied } = this.#machines.figures();
    if (facility.unknown_kwh > 0)
      missing.push(`PUE of the buildings of ${facility.unknown_kwh.toFixed(3)} kWh: not in the energy of the facility`);
    if (embodied.unknown_kwh > 0)
      missing.push(`making of the machines of ${embodied.unknown_kwh.toFixed(3)} kWh: not in the embodied grams`);
    if (this.#market === undefined) missing.push('contracts (CONTRACTS_FILE): market-based figures need them');
    missing.push('scope 3 of networks and of storage outside the nodes, which are not recorded');
    return missing;
  }
}

function savingsOf(rows: readonly RowOf<'saving'>[]): StatementFigures['savings'] {
  return BASELINES.flatMap((baseline) => {
    const these = rows.filter((row) => row.baseline === baseline).sort((a, b) => (a.uid < b.uid ? -1 : 1));
    if (these.length === 0) return [];
    const sum = (of: (row: RowOf<'saving'>) => number) => these.reduce((total, row) => total + of(row), 0);
    const grams = sum((row) => row.grams);
    const would = sum(({ baseline_grams: of }) => of);
    return {
      ...{ baseline, pods: these.length, negative: these.filter((row) => row.baseline_grams < row.grams).length },
      ...{ kwh: sum((row) => row.kwh), grams, baseline_grams: would, difference_grams: would - grams },
      marginal_difference_grams: marginalDifference(these),
    };
  });
}

function marginalDifference(rows: readonly RowOf<'saving'>[]): number | null {
  let sum: number | null = null;
  for (const { marginal_grams: grams, marginal_baseline_grams: would } of rows)
    if (grams !== null && would !== null) sum = (sum ?? 0) + would - grams;
  return sum;
}

function matchedOf(row: RowOf<'match'> | undefined): MatchedHour | undefined {
  if (row === undefined) return undefined;
  const residual = row.residual_g_per_kwh === null ? undefined : (row.residual_g_per_kwh as GramsPerKwh);
  return { share: row.share, gramsPerKwh: row.g_per_kwh as GramsPerKwh, residual, byContract: [] };
}

function rateOf(factor: RowOf<'factor'> | undefined): GramsPerKwh | undefined {
  return factor?.g_per_kwh as GramsPerKwh | undefined;
}

function byPlace(a: StatementRow, b: StatementRow): number {
  const [one, other] = [placeOf(a), placeOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function placeOf(row: StatementRow): string {
  if (row.row === 'energy') return [row.hour, row.namespace, row.pod, row.container, row.node, row.device].join('\0');
  if (row.row === 'saving') return row.uid;
  return `${row.row === 'machine' ? row.node : row.zone}\0${row.hour}`;
}

function kwh(joules: number): number {
  return joules / JOULES_PER_KWH;
}

function addTo(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
