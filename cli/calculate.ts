import { Command } from 'commander';
import { calculate, type EmissionsResult, intensityOf } from '../shared/calculator/calculate.ts';
import { CalculatorError } from '../shared/calculator/error.ts';
import { wholeRequests } from '../shared/calculator/formula.ts';
import { givenIntensity, type HourlyUse, type IntensityUsed } from '../shared/calculator/intensity-used.ts';
import { ALWAYS, parsePeriod, rangeOf, writtenPeriod } from '../shared/calculator/period.ts';
import { readPue } from '../shared/calculator/pue.ts';
import { fullHours, recordedUse } from '../shared/calculator/recorded/use.ts';
import { type PlacedRegion, placeRegion } from '../shared/calculator/region.ts';
import { profileOf } from '../shared/calculator/service-profiles.ts';
import { recordedSpan } from '../shared/calculator/span.ts';
import { workloadOf } from '../shared/calculator/workload.ts';
import type { HourlyIntensity } from '../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../shared/grid/units.ts';
import type { ReadableStore, TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { resultText } from './result-text.ts';
import { selectorOf } from './selector.ts';
import { type CliConfig, cliConfig } from './settings.ts';
import { withHistory, withWorkloads } from './stores.ts';
import { readUsage } from './usage-file.ts';

/** The options of `carbon calculate`, as written. */
export interface CalculateOptions {
  readonly service: string;
  readonly region: string;
  readonly requests: string;
  readonly from?: string;
  readonly to?: string;
  readonly usage?: string;
  readonly selector?: string;
  readonly intensity?: string;
  readonly yearlyAverage?: boolean;
  readonly services?: string;
  readonly pue?: string;
  readonly sci?: boolean;
  readonly embodiedGrams?: string;
  readonly save?: boolean;
  readonly json?: boolean;
}

/** `carbon calculate`: energy and emissions of requests to a service. */
export function calculateCommand(env: Environment, io: Io): Command {
  return new Command('calculate')
    .description('What did these requests emit? Energy and emissions of a service in a region')
    .requiredOption('--service <name>', 'service, as in "carbon services list"')
    .requiredOption('--region <region>', 'cloud region (us-east-1, aws/eu-west-1) or grid zone (DE)')
    .requiredOption('--requests <number>', 'how many requests, whole and above 0')
    .option('--from <time>', 'start, in UTC; default: the last 24 full hours')
    .option('--to <time>', 'end, in UTC, not included')
    .option('--usage <file>', 'CSV with hour,requests: weights the intensity by them')
    .option('--selector <namespace/name>', 'weights the intensity by the recorded energy of these containers')
    .option('--intensity <gCO2/kWh>', 'one intensity instead of the recorded ones')
    .option('--yearly-average', 'take the yearly average for a period without history')
    .option('--services <file>', 'YAML or JSON file of energy profiles (SERVICES_FILE)')
    .option('--pue <number|auto>', 'power usage effectiveness; auto: fleet average of the cloud provider')
    .option('--sci', 'add the Software Carbon Intensity (ISO/IEC 21031): (E x I + M) per request')
    .option('--embodied-grams <g>', 'embodied emissions M of all requests in gCO2e, for --sci')
    .option('--save', 'keep the result for reports; repeating it replaces it')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action((options: CalculateOptions) => runCalculate(options, env, io));
}

const HELP = examples(
  'carbon calculate --service q2q-ai --region us-east-1 --requests 100000',
  'carbon calculate --service reporting --region aws/eu-west-1 --requests 5000 --from 2026-11-01 --to 2026-11-08 --save',
  'carbon calculate --service api-gateway --region DE --requests 1000000 --usage requests.csv --pue 1.2 --sci --json',
);

/** Calculates, saves where asked, and prints. */
export async function runCalculate(options: CalculateOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const result = await withHistory(config, (history) => resultOf(options, config, history, env, io));
  if (options.save) await withWorkloads(config, (store) => store.saveWorkloads([workloadOf(result)]));
  io.out(options.json ? `${JSON.stringify(result, null, 2)}\n` : resultText(result, io));
  if (options.save) io.talk('Saved; the same service, region and period saved again replaces it.');
}

async function resultOf(
  options: CalculateOptions,
  config: CliConfig,
  history: ReadableStore,
  env: Environment,
  io: Io,
): Promise<EmissionsResult> {
  const requests = wholeRequests(options.requests);
  const profile = profileOf(knownProfiles(options.services ?? config.SERVICES_FILE), options.service);
  const place = placeRegion(options.region, await history.zones());
  const known = await history.intensities([place.zone], ALWAYS);
  const period = periodOf(options, known, io);
  const intensity = await intensityFor(options, history, known, place, period, env);
  return calculate({
    profile,
    place,
    requests,
    period,
    intensity,
    ...(options.pue !== undefined && { pue: readPue(options.pue, place.provider) }),
    ...(options.sci && { sci: true }),
    ...(options.embodiedGrams !== undefined && { embodied_g: amount('--embodied-grams', options.embodiedGrams) }),
  });
}

function periodOf({ from, to }: CalculateOptions, known: readonly HourlyIntensity[], io: Io): TimeRange {
  if (from === undefined && to === undefined) return aboutNow(known, io.clock.now());
  if (from === undefined || to === undefined)
    throw new CalculatorError(
      'bad-period',
      `a period needs --from and --to; ${from === undefined ? '--from' : '--to'} is missing`,
    );
  return rangeOf(from, to);
}

/** The last 24 full hours; with the hour in progress when that alone is known, as in the first hour of a new poller. */
function aboutNow(known: readonly HourlyIntensity[], now: EpochMs): TimeRange {
  const full = parsePeriod('last-24h', now);
  const recorded = known.some(({ hour }) => hour >= full.from && hour < full.to);
  const present = known.some(({ hour }) => hour === full.to);
  return present && !recorded ? { from: full.from + HOUR_MS, to: full.to + HOUR_MS } : full;
}

async function intensityFor(
  options: CalculateOptions,
  history: ReadableStore,
  known: readonly HourlyIntensity[],
  place: PlacedRegion,
  period: TimeRange,
  env: Environment,
): Promise<IntensityUsed> {
  if (options.intensity !== undefined) return givenIntensity(aboveZero('--intensity', options.intensity), 'given');
  const use = await useOf(options, history, period, env);
  // Who names no period asks "about now", and a labelled yearly average answers that; who names one wants that one.
  const yearly = options.yearlyAverage ?? options.from === undefined;
  return intensityOf(place, known, period, { yearly, recorded: recordedSpan(known, place.zone), ...(use && { use }) });
}

async function useOf(
  options: CalculateOptions,
  history: ReadableStore,
  period: TimeRange,
  env: Environment,
): Promise<readonly HourlyUse[] | undefined> {
  if (options.usage !== undefined && options.selector !== undefined)
    throw new CalculatorError('bad-file', '--usage and --selector both say when the requests came; give one of them');
  if (options.usage !== undefined) return readUsage(options.usage, period);
  if (options.selector === undefined) return undefined;
  const selector = await selectorOf(options.selector, env);
  const hours = fullHours(period);
  const use = await recordedUse(history.hourly({ namespace: selector.namespace }, hours), selector, hours);
  if (use.joules > 0) return use.hours;
  throw new CalculatorError(
    'no-data',
    `no power of ${options.selector} is recorded in ${writtenPeriod(period)}; without --selector the hours count evenly`,
  );
}

function amount(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new CalculatorError('bad-number', `${option} must be a number from 0 up, not ${text}`);
}

function aboveZero(option: string, text: string): number {
  const value = amount(option, text);
  if (value > 0) return value;
  throw new CalculatorError('bad-number', `${option} must be a number above 0, not ${text}`);
}
