import { calculate, type EmissionsResult, intensityOf } from '../shared/calculator/calculate.ts';
import { wholeRequests } from '../shared/calculator/formula.ts';
import { givenIntensity, type HourlyUse, type IntensityUsed } from '../shared/calculator/intensity-used.ts';
import { ALWAYS, parsePeriod, rangeOf, writtenPeriod } from '../shared/calculator/period.ts';
import { readPue } from '../shared/calculator/pue.ts';
import { fullHours, recordedUse } from '../shared/calculator/recorded/use.ts';
import { placeRegion } from '../shared/calculator/region.ts';
import { profileOf, type ServiceProfiles } from '../shared/calculator/service-profiles.ts';
import { recordedSpan } from '../shared/calculator/span.ts';
import type { HourlyIntensity } from '../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../shared/grid/units.ts';
import type { ReadableStore, TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { cliError } from './errors.ts';
import { parseNumber } from './options.ts';
import { resolveSelector } from './selector.ts';
import { readUsage } from './usage-file.ts';

/** The options of `carbon calculate` that describe a calculation, as written. */
export interface CalculationOptions {
  readonly service: string;
  readonly region: string;
  readonly requests: string;
  readonly from?: string;
  readonly to?: string;
  readonly usage?: string;
  readonly selector?: string;
  readonly intensity?: string;
  readonly yearlyAverage?: boolean;
  readonly pue?: string;
  readonly sci?: boolean;
  readonly embodiedGrams?: string;
}

/** What a calculation reads beside its options. */
export interface CalculationSources {
  readonly profiles: ServiceProfiles;
  readonly history: ReadableStore;
  /** Where the Kubernetes client finds its cluster. */
  readonly env: Environment;
  readonly now: EpochMs;
}

/** Calculates emissions from options; throws a coded error or a CalculatorError for the first invalid option. */
export async function calculationOf(
  options: CalculationOptions,
  sources: CalculationSources,
): Promise<EmissionsResult> {
  const { profiles, history, now } = sources;
  const requests = wholeRequests(options.requests);
  const profile = profileOf(profiles, options.service);
  const place = placeRegion(options.region, await history.zones());
  const recorded = await history.intensities([place.zone], ALWAYS);
  const period = periodOf(options, recorded, now);
  const use = options.intensity === undefined ? await hourlyUse(options, period, sources) : undefined;
  return calculate({
    profile,
    place,
    requests,
    period,
    intensity: intensityUsed(),
    ...(options.pue !== undefined && { pue: readPue(options.pue, place.provider) }),
    ...(options.sci && { sci: true }),
    ...(options.embodiedGrams !== undefined && {
      embodied_g: parseNumber('--embodied-grams', options.embodiedGrams, { least: 0 }),
    }),
  });

  function intensityUsed(): IntensityUsed {
    if (options.intensity !== undefined)
      return givenIntensity(parseNumber('--intensity', options.intensity, { above: 0 }), 'given');
    // Without a period the question is about now, which a labelled yearly average may answer; a named period may not.
    const yearly = options.yearlyAverage ?? options.from === undefined;
    const span = recordedSpan(recorded, place.zone);
    return intensityOf(place, recorded, period, { yearly, recorded: span, ...(use && { use }) });
  }
}

function periodOf({ from, to }: CalculationOptions, recorded: readonly HourlyIntensity[], now: EpochMs): TimeRange {
  if (from === undefined && to === undefined) return recentPeriod(recorded, now);
  if (from !== undefined && to !== undefined) return rangeOf(from, to);
  throw cliError('OPTIONS_MISSING', {
    reason: 'a period needs both --from and --to',
    hint: `add ${from === undefined ? '--from' : '--to'}`,
  });
}

/** The last 24 full hours, or those including the current hour if only that is recorded, as in the first hour of a new poller. */
function recentPeriod(recorded: readonly HourlyIntensity[], now: EpochMs): TimeRange {
  const full = parsePeriod('last-24h', now);
  const hasFull = recorded.some(({ hour }) => hour >= full.from && hour < full.to);
  const hasCurrent = recorded.some(({ hour }) => hour === full.to);
  return hasCurrent && !hasFull ? { from: full.from + HOUR_MS, to: full.to + HOUR_MS } : full;
}

async function hourlyUse(
  { usage, selector: written }: CalculationOptions,
  period: TimeRange,
  { history, env }: CalculationSources,
): Promise<readonly HourlyUse[] | undefined> {
  if (usage !== undefined && written !== undefined)
    throw cliError('OPTIONS_CONFLICT', { options: '--usage and --selector', hint: 'each of them weights the hours' });
  if (usage !== undefined) return readUsage(usage, period);
  if (written === undefined) return undefined;
  const selector = await resolveSelector(written, env);
  const hours = fullHours(period);
  const use = await recordedUse(history.hourly({ namespace: selector.namespace }, hours), selector, hours);
  if (use.joules > 0) return use.hours;
  throw cliError('NO_POWER_RECORDED', { selector: written, period: writtenPeriod(period) });
}
