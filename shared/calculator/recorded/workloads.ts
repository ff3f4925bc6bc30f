import type { Zone } from '../../grid/zones.ts';
import type { IntensityReader } from '../../records/power.ts';
import type { WorkloadEmissions } from '../../records/workloads.ts';
import { calculate, intensityOf } from '../calculate.ts';
import { CalculatorError, calculatorError } from '../error.ts';
import { wholeRequests } from '../formula.ts';
import { givenIntensity } from '../intensity-used.ts';
import { ALWAYS, parseTime, rangeOf } from '../period.ts';
import { placeRegion } from '../region.ts';
import { profileOf, type ServiceProfile, type ServiceProfiles } from '../service-profiles.ts';
import { recordedSpan } from '../span.ts';
import { type WorkloadInput, workloadOf } from '../workload.ts';

/** A record that cannot be calculated: its index in the list, from 0, and why. */
export interface WorkloadIssue {
  readonly index: number;
  readonly message: string;
  /** Present: every value is well-formed, but it contradicts another one or what is known. */
  readonly isConflict?: true;
}

/** All records calculated, or every issue of the list; nothing in between, so that an import is whole or not done. */
export type Recorded =
  | { readonly kind: 'records'; readonly records: readonly WorkloadEmissions[] }
  | { readonly kind: 'invalid'; readonly issues: readonly WorkloadIssue[] };

/** What may be given to {@link recordWorkloads}. */
export interface WorkloadPricingOptions {
  /** Called after each record; what it returns is awaited. */
  readonly onProgress?: (done: number) => unknown;
  /** What issues call another record, by its index; default: `record 1 of the list`. */
  readonly nameOf?: (index: number) => string;
}

/** Prices records with the recorded intensity of their hours. */
export async function recordWorkloads(
  inputs: readonly WorkloadInput[],
  profiles: ServiceProfiles,
  history: IntensityReader,
  { onProgress, nameOf = (index) => `record ${index + 1} of the list` }: WorkloadPricingOptions = {},
): Promise<Recorded> {
  const known = await history.zones();
  const byZone = new Map<Zone, ReturnType<IntensityReader['intensities']>>();
  const hoursOf = (zone: Zone) => {
    const hours = byZone.get(zone) ?? history.intensities([zone], ALWAYS);
    byZone.set(zone, hours);
    return hours;
  };
  const records: WorkloadEmissions[] = [];
  const issues: WorkloadIssue[] = [];
  const first = firstOfItsKey(nameOf);
  const check = textChecks(profiles, known);
  for (const [index, input] of inputs.entries()) {
    const errors = invalidFields(input, check);
    try {
      if (errors.length === 0) {
        const record = await recordOf(input, profiles, known, hoursOf);
        errors.push(...first(record, index));
        records.push(record);
      }
    } catch (error) {
      errors.push(calculatorErrorOf(error));
    }
    for (const error of errors) issues.push(issueOf(index, error));
    await onProgress?.(index + 1);
  }
  return issues.length > 0 ? { kind: 'invalid', issues } : { kind: 'records', records };
}

/** Finds records that would silently replace another one of the same list; an exact repetition may. */
function firstOfItsKey(
  nameOf: (index: number) => string,
): (record: WorkloadEmissions, index: number) => CalculatorError[] {
  const seen = new Map<string, { readonly index: number; readonly record: WorkloadEmissions }>();
  return (record, index) => {
    const { service_name, region, period_start, period_end } = record;
    const key = JSON.stringify([service_name, region, period_start, period_end]);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, { index, record });
    if (before === undefined || JSON.stringify(before.record) === JSON.stringify(record)) return [];
    return [calculatorError('RECORD_CONFLICT', { other: nameOf(before.index) })];
  };
}

/** Everything that is invalid in a record before it is calculated, so that it can be corrected in one go. */
function invalidFields(input: WorkloadInput, { service, region }: TextChecks): CalculatorError[] {
  return [
    ...errorsOf(() => wholeRequests(input.request_count)),
    ...(input.total_kWh === undefined ? service(input.service_name) : []),
    ...region(input.region),
    ...errorsOf(() => rangeOf(input.period_start, input.period_end)),
  ];
}

/** Errors of names, each looked for once: to find what an unknown one was meant to be takes a while. */
interface TextChecks {
  readonly service: (name: string) => readonly CalculatorError[];
  readonly region: (name: string) => readonly CalculatorError[];
}

function textChecks(profiles: ServiceProfiles, known: readonly Zone[]): TextChecks {
  const once = (check: (name: string) => unknown) => {
    const found = new Map<string, readonly CalculatorError[]>();
    return (name: string) => {
      const errors = found.get(name) ?? errorsOf(() => check(name));
      found.set(name, errors);
      return errors;
    };
  };
  return { service: once((name) => profileOf(profiles, name)), region: once((name) => placeRegion(name, known)) };
}

function errorsOf(check: () => unknown): CalculatorError[] {
  try {
    check();
    return [];
  } catch (error) {
    return [calculatorErrorOf(error)];
  }
}

/** Errors of a value by itself; all others are of what it means beside others. */
const MALFORMED = new Set(['DATE_INVALID', 'REQUESTS_INVALID']);

function issueOf(index: number, { code, message }: CalculatorError): WorkloadIssue {
  return { index, message, ...(!MALFORMED.has(code) && { isConflict: true }) };
}

/** A calculator's error; any other error is thrown on. */
function calculatorErrorOf(error: unknown): CalculatorError {
  if (error instanceof CalculatorError) return error;
  throw error;
}

async function recordOf(
  input: WorkloadInput,
  profiles: ServiceProfiles,
  known: readonly Zone[],
  hoursOf: (zone: Zone) => ReturnType<IntensityReader['intensities']>,
): Promise<WorkloadEmissions> {
  const { total_kWh, total_gCO2e } = input;
  const requests = wholeRequests(input.request_count);
  const profile = profileFor(input, profiles, requests);
  const place = placeRegion(input.region, known);
  const period = rangeOf(input.period_start, input.period_end);
  const use = input.usage?.map((hour) => ({ hour: parseTime(hour.hour), amount: hour.requests }));
  const hours = total_gCO2e === undefined ? await hoursOf(place.zone) : [];
  const intensity =
    total_gCO2e !== undefined && total_kWh !== undefined
      ? givenIntensity(total_gCO2e / total_kWh, 'given with the record')
      : intensityOf(place, hours, period, {
          yearly: input.yearly_average ?? false,
          recorded: recordedSpan(hours, place.zone),
          ...(use && { use }),
        });
  const measured = total_kWh === undefined ? {} : { measured_kWh: total_kWh, pue: { value: 1, source: 'none' } };
  return workloadOf(calculate({ profile, place, requests, period, intensity, ...measured }), input.metadata);
}

/** With measured energy any name will do; without, the service must have a profile. */
function profileFor(input: WorkloadInput, profiles: ServiceProfiles, requests: number): ServiceProfile {
  const { service_name, total_kWh } = input;
  if (total_kWh === undefined) return profileOf(profiles, service_name);
  const wh = (total_kWh * 1000) / requests;
  return { service: service_name, wh_per_request: wh, confidence: 'given', source: 'given with the record' };
}
