import type { HourlyIntensity } from '../grid/intensity.ts';
import { grams, gramsPerKwh, HOUR_MS, isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { CalculatorError } from './error.ts';
import { energyOfRequests, gramsOfEnergy, gramsPerThousand, wholeRequests } from './formula.ts';
import { type HourlyUse, type IntensityUsed, weighIntensity, yearlyIntensityUsed } from './intensity-used.ts';
import { writtenPeriod } from './period.ts';
import type { Pue } from './pue.ts';
import type { PlacedRegion } from './region.ts';
import { embodiedShare, softwareCarbonIntensity } from './sci.ts';
import type { Confidence, Measurement, ServiceProfile } from './service-profiles.ts';

/** Hours of a year, as the SCI's examples count them. */
const YEAR_HOURS = 8760;

/** A question whose names are already resolved: what ran, where, how often, when. */
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
  /** null when the question named none and one figure stands for all times. */
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

/** Energy, emissions and SCI of a resolved question. */
export function calculate(asked: Calculation): EmissionsResult {
  const { profile, place, period, intensity, measured_kWh } = asked;
  const requests = wholeRequests(asked.requests);
  const pue = asked.pue ?? { value: profile.pue ?? 1, source: profile.pue === undefined ? 'none' : 'profile' };
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
    ...(asked.sci && { sci: sciOf(asked, kWh, requests) }),
    calculation_method: `${measured_kWh === undefined ? 'requests x Wh per request' : 'given energy'}${pue.value === 1 ? '' : ' x PUE'} x grid intensity (${intensity.weighting})`,
  };
}

/** The intensity of a period from the hours that are known of it; without any, the yearly average or a fault that names the nearest period. */
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
  throw new CalculatorError(
    'no-data',
    `no intensity of ${place.zone} is recorded for ${writtenPeriod(period)}; ${
      recorded ? `the history of ${place.zone} is ${writtenPeriod(recorded)}` : `nothing is recorded of ${place.zone}`
    }${!options.yearly && yearlyIntensityUsed(place.zone) ? ' (--yearly-average takes its yearly average instead)' : ''}`,
  );
}

function sciOf(asked: Calculation, kWh: number, requests: number): NonNullable<EmissionsResult['sci']> {
  const embodied = embodiedOf(asked, requests);
  const intensity = gramsPerKwh(asked.intensity.avg_gCO2_per_kWh);
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
