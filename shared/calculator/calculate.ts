import type { HourlyIntensity } from '../grid/intensity.ts';
import { grams, gramsPerKwh, HOUR_MS, isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { calculatorError } from './error.ts';
import { energyOfRequests, gramsOfEnergy, gramsPerThousand, wholeRequests } from './formula.ts';
import { type HourlyUse, type IntensityUsed, weighIntensity, yearlyIntensityUsed } from './intensity-used.ts';
import { writtenPeriod } from './period.ts';
import type { Pue } from './pue.ts';
import type { PlacedRegion } from './region.ts';
import { embodiedShare, softwareCarbonIntensity } from './sci.ts';
import type { Confidence, Measurement, ServiceProfile } from './service-profiles.ts';

/** Hours of a year, as the SCI's examples count them. */
const YEAR_HOURS = 8760;

/** A calculation whose names are already resolved: what ran, where, how often, when. */
export interface Calculation {
  readonly profile: ServiceProfile;
  readonly place: PlacedRegion;
  readonly requests: number;
  readonly period?: TimeRange;
  readonly intensity: IntensityUsed;
  readonly pue?: Pue;
  /** Measured energy of all requests in kWh, which takes the place of the profile's estimate. */
  readonly measured_kWh?: number;
  /** Adds the SCI of ISO/IEC 21031. */
  readonly sci?: boolean;
  /** Embodied emissions of all requests in gCO2e; absent: the profile's, if it has any. */
  readonly embodied_g?: number;
}

/** What a number of requests took and emitted. Energies in kWh, emissions in gCO2e, times in ISO 8601 UTC. */
export interface EmissionsResult {
  readonly service: string;
  readonly region: string;
  readonly zone: string;
  readonly requests: number;
  /** null when none was requested and one figure is used for all times. */
  readonly period: { readonly from: string; readonly to: string } | null;
  readonly total_kWh: number;
  readonly avg_kWh_per_request: number;
  readonly total_gCO2e: number;
  readonly gCO2e_per_1k_requests: number;
  readonly intensity: IntensityUsed;
  readonly energy: {
    readonly wh_per_request: number;
    readonly confidence: Confidence;
    readonly source: string;
    readonly pue: number;
    readonly pue_source: string;
    readonly measured?: Measurement;
  };
  readonly sci?: {
    readonly gCO2e_per_request: number;
    /** M in gCO2e; null when it is not known, and the SCI then counts operation alone. */
    readonly embodied_gCO2e: number | null;
  };
  readonly calculation_method: string;
}

/** Energy in kWh, emissions in gCO2e, and SCI where requested. */
export function calculate(calculation: Calculation): EmissionsResult {
  const { profile, place, period, intensity, measured_kWh } = calculation;
  const requests = wholeRequests(calculation.requests);
  const pue = calculation.pue ?? { value: profile.pue ?? 1, source: profile.pue === undefined ? 'none' : 'profile' };
  const kWh =
    measured_kWh === undefined
      ? energyOfRequests(requests, profile.wh_per_request, pue.value)
      : measured_kWh * pue.value;
  const emitted = gramsOfEnergy(kWh, intensity.avg_gCO2_per_kWh);
  return {
    service: profile.service,
    region: place.region,
    zone: place.zone,
    requests,
    period: period ? { from: isoTime(period.from), to: isoTime(period.to) } : null,
    total_kWh: kWh,
    avg_kWh_per_request: kWh / requests,
    total_gCO2e: emitted,
    gCO2e_per_1k_requests: gramsPerThousand(emitted, requests),
    intensity,
    energy: {
      wh_per_request: measured_kWh === undefined ? profile.wh_per_request : (measured_kWh * 1000) / requests,
      confidence: measured_kWh === undefined ? profile.confidence : 'measured',
      source: measured_kWh === undefined ? profile.source : 'given with the record',
      pue: pue.value,
      pue_source: pue.source,
      ...(measured_kWh === undefined && profile.measured && { measured: profile.measured }),
    },
    ...(calculation.sci && { sci: sciOf(calculation, kWh, requests) }),
    calculation_method: `${measured_kWh === undefined ? 'requests x Wh per request' : 'given energy'}${pue.value === 1 ? '' : ' x PUE'} x grid intensity (${intensity.weighting})`,
  };
}

/** The intensity of a period from the hours that are known of it; without any, the yearly average where allowed; otherwise an error that names the recorded period. */
export function intensityOf(
  place: PlacedRegion,
  history: readonly HourlyIntensity[],
  period: TimeRange,
  options: { readonly use?: readonly HourlyUse[]; readonly yearly: boolean; readonly recorded?: TimeRange | undefined },
): IntensityUsed {
  const own = history.filter(({ zone }) => zone === place.zone);
  const used =
    weighIntensity(own, period, options.use) ?? (options.yearly ? yearlyIntensityUsed(place.zone) : undefined);
  if (used !== undefined) return used;
  const { recorded } = options;
  const known = recorded
    ? `the recorded period of ${place.zone} is ${writtenPeriod(recorded)}`
    : `nothing is recorded for ${place.zone}`;
  const yearly =
    !options.yearly && yearlyIntensityUsed(place.zone) ? ' (--yearly-average uses its yearly average)' : '';
  throw calculatorError('INTENSITY_NOT_RECORDED', {
    zone: place.zone,
    period: writtenPeriod(period),
    hint: known + yearly,
  });
}

function sciOf(calculation: Calculation, kWh: number, requests: number): NonNullable<EmissionsResult['sci']> {
  const embodied = embodiedOf(calculation, requests);
  const intensity = gramsPerKwh(calculation.intensity.avg_gCO2_per_kWh);
  return {
    gCO2e_per_request: softwareCarbonIntensity({ kWh, intensity, embodied: grams(embodied ?? 0), units: requests }),
    embodied_gCO2e: embodied,
  };
}

/** M of all requests: as given, else the profile's per request, else its hardware's share of the period; null when none is known. */
function embodiedOf({ embodied_g, profile, period }: Calculation, requests: number): number | null {
  if (embodied_g !== undefined) return embodied_g;
  if (profile.embodied_g_per_request !== undefined) return profile.embodied_g_per_request * requests;
  if (profile.embodied === undefined || period === undefined) return null;
  const { total_kg, lifetime_years, share } = profile.embodied;
  const reservedHours = (period.to - period.from) / HOUR_MS;
  return embodiedShare({
    total: grams(total_kg * 1000),
    reservedHours,
    lifetimeHours: lifetime_years * YEAR_HOURS,
    share,
  });
}
