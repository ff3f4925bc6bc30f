import { csvLines, csvNumber } from '../grid/csv-lines.ts';
import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { randomOf } from './random.ts';

/** A job to be simulated. Its power is constant. */
export interface SimulatedJob {
  readonly arrival: EpochMs;
  readonly durationHours: number;
  /** How long it may wait. */
  readonly slackHours: number;
  readonly watts: number;
  /** Where it may run; absent: in all zones of the world. */
  readonly zones?: readonly Zone[];
  /** When and where it really started, for shadow evaluations. */
  readonly recorded?: { readonly start: EpochMs; readonly zone: Zone };
}

/** Run time and cores of jobs by percentile of jobs (`1` … `99.9`). */
export interface JobDistribution {
  readonly hours: Readonly<Record<string, number>>;
  readonly cores: Readonly<Record<string, number>>;
}

/** How jobs are drawn from a distribution. */
export interface Draw {
  readonly count: number;
  readonly seed: number;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly slackHours: number;
  readonly wattsPerCore: number;
}

const HEADER = ['arrival', 'duration_hours', 'slack_hours', 'power_watts'] as const;

/** Reads CSV with the header `arrival,duration_hours,slack_hours,power_watts`. Throws a SyntaxError that names the line. */
export function parseJobs(csv: string): SimulatedJob[] {
  const [header, ...rows] = csvLines(csv);
  if (header?.text.replaceAll(' ', '') !== HEADER.join(','))
    throw new SyntaxError(`a job list starts with the header ${HEADER.join(',')}`);
  return rows.map(({ line, text }) => {
    const [time = '', ...cells] = text.split(',').map((cell) => cell.trim());
    const arrival = /(Z|[+-]\d\d:\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
    if (Number.isNaN(arrival))
      throw new SyntaxError(`line ${line}: "${time}" is not a time such as 2021-03-01T12:00:00Z`);
    const [durationHours = 0, slackHours, watts = 0] = cells.map(csvNumber);
    if (durationHours === 0 || slackHours === undefined || watts === 0 || cells.length !== 3)
      throw new SyntaxError(`line ${line}: duration and power must be above 0, slack at least 0`);
    return { arrival, durationHours, slackHours, watts };
  });
}

/** Draws jobs, run time and cores independently, arrivals evenly over the span; the same seed draws the same jobs. */
export function drawJobs(distribution: JobDistribution, draw: Draw): SimulatedJob[] {
  const { count, seed, from, to, slackHours, wattsPerCore } = draw;
  const random = randomOf(seed);
  const hours = inverse(distribution.hours);
  const cores = inverse(distribution.cores);
  const jobs = Array.from({ length: count }, () => ({
    arrival: from + Math.floor(random() * (to - from)),
    durationHours: hours(random()),
    slackHours,
    watts: Math.max(1, Math.round(cores(random()))) * wattsPerCore,
  }));
  return jobs.sort((a, b) => a.arrival - b.arrival);
}

/** Last moment at which a job may start. */
export function latestStart({ arrival, slackHours }: SimulatedJob): EpochMs {
  return arrival + slackHours * HOUR_MS;
}

/** Value at a share of all jobs, linear between the known percentiles, constant beyond them. */
function inverse(quantiles: Readonly<Record<string, number>>): (share: number) => number {
  const known = Object.entries(quantiles)
    .map(([percent, value]) => [Number(percent) / 100, value] as const)
    .sort(([a], [b]) => a - b);
  return (share) => {
    const above = known.findIndex(([at]) => at >= share);
    const [to, high] = known[above < 0 ? known.length - 1 : above] ?? [1, 1];
    const [from, low] = known[above <= 0 ? (above < 0 ? known.length - 1 : 0) : above - 1] ?? [0, high];
    return to === from ? high : low + ((share - from) / (to - from)) * (high - low);
  };
}
