import { calculate, intensityOf } from '../../shared/calculator/calculate.ts';
import { placeRegion } from '../../shared/calculator/region.ts';
import { builtInProfiles, profileOf } from '../../shared/calculator/service-profiles.ts';
import { workloadOf } from '../../shared/calculator/workload.ts';
import type { HourlyIntensity } from '../../shared/grid/intensity.ts';
import { replayedIntensity, type Trace } from '../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import { type Zone, zone } from '../../shared/grid/zones.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import type { WorkloadEmissions } from '../../shared/records/workloads.ts';

const DAY_MS = 24 * HOUR_MS;
/** Full days before today that have records. */
const DAYS = 14;
/** Services with a built-in energy profile, where each runs, and its requests of a day. */
const SERVICES = [
  { service: 'api-gateway', region: 'ES', requests: 2_400_000 },
  { service: 'reporting', region: 'US-NW-BPAT', requests: 80_000 },
  { service: 'notification', region: 'DE', requests: 350_000 },
] as const;

/** Emissions of three services for each of the last two weeks' days, as `carbon calculate --save` records them. */
export function demoWorkloads(trace: Trace, now: EpochMs): WorkloadEmissions[] {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const days = Array.from({ length: DAYS }, (_, back) => today - (back + 1) * DAY_MS);
  return days.flatMap((from) => SERVICES.map((each) => recordOf(each, trace, { from, to: from + DAY_MS })));
}

function recordOf(
  { service, region, requests }: (typeof SERVICES)[number],
  trace: Trace,
  period: TimeRange,
): WorkloadEmissions {
  const place = placeRegion(region, [zone(region)]);
  const intensity = intensityOf(place, hoursOf(trace, place.zone, period), period, { yearly: false, recorded: period });
  const result = calculate({ profile: profileOf(builtInProfiles(), service), place, requests, period, intensity });
  return workloadOf(result, { simulated: true });
}

function hoursOf(trace: Trace, of: Zone, { from, to }: TimeRange): HourlyIntensity[] {
  const hours: HourlyIntensity[] = [];
  for (let hour = from; hour < to; hour += HOUR_MS) {
    const carbonIntensity = replayedIntensity(trace, of, hour);
    if (carbonIntensity === undefined) continue;
    hours.push({ zone: of, hour, carbonIntensity, provider: 'replay', signal: 'average', quality: 'simulated' });
  }
  return hours;
}
