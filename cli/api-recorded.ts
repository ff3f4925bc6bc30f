import { z } from 'zod';
import type { ServiceProfile } from '../shared/calculator/service-profiles.ts';
import type { NodePowerRow } from '../shared/emissions/node-power.ts';
import { type ForecastPoint, type HourlyIntensity, QUALITIES } from '../shared/grid/intensity.ts';
import { gramsPerKwh, isoTime } from '../shared/grid/units.ts';
import { type Zone, zone } from '../shared/grid/zones.ts';
import type { TimeRange } from '../shared/records/power.ts';
import type { RecordedJobs } from '../shared/simulation/recorded-jobs.ts';
import type { ApiClient } from './api-client.ts';

const time = z.iso.datetime().transform((text) => Date.parse(text));
const zoneName = z.string().transform((code) => zone(code));
const intensity = z.number().transform((value) => gramsPerKwh(value));
const quantity = z.number().nullable();

const intensities = z.array(
  z.object({
    zone: zoneName,
    hour: time,
    value: intensity,
    quality: z.enum(QUALITIES),
    provider: z.string(),
    signal: z.enum(['average', 'marginal']),
    origin: z.string(),
  }),
);

/** Recorded hours of every zone in a range, from a running API. */
export async function intensitiesFromApi(api: ApiClient, { from, to }: TimeRange): Promise<readonly HourlyIntensity[]> {
  const path = `/api/co2-intensities?by=zone&start_time=${isoTime(from)}&end_time=${isoTime(to)}`;
  const rows = await api.get(path, intensities);
  return rows
    .filter(({ origin }) => origin === 'history')
    .map(({ value, origin: _origin, ...row }) => ({ ...row, carbonIntensity: value }));
}

const forecasts = z.object({
  zones: z.array(
    z.object({
      zone: zoneName,
      source: z.string().nullable(),
      points: z.array(
        z
          .object({ hour: time, value: intensity })
          .transform((point): ForecastPoint => ({ datetime: point.hour, carbonIntensity: point.value })),
      ),
    }),
  ),
});

/** The forecast of a zone with its source, from a running API; undefined where it has none. */
export async function forecastFromApi(
  api: ApiClient,
  of: Zone,
): Promise<{ readonly points: readonly ForecastPoint[]; readonly source: string | null } | undefined> {
  const { zones } = await api.get(`/api/forecast?zone=${encodeURIComponent(of)}`, forecasts);
  return zones.find((each) => each.zone === of);
}

/** Codes of the zones that a running API has a present intensity of. */
export async function zonesFromApi(api: ApiClient): Promise<readonly Zone[]> {
  const { zones } = await api.get('/api/grid', z.object({ zones: z.array(z.object({ zone: zoneName })) }));
  return zones.map((each) => each.zone);
}

const profile = z.object({
  service: z.string(),
  wh_per_request: z.number(),
  confidence: z.enum(['measured', 'estimated', 'given']),
  source: z.string(),
  pue: z.number().exactOptional(),
  embodied_g_per_request: z.number().exactOptional(),
  embodied: z.object({ total_kg: z.number(), lifetime_years: z.number(), share: z.number() }).exactOptional(),
  measured: z.object({ from: z.string(), to: z.string(), requests: z.number(), coverage: z.number() }).exactOptional(),
});

/** Energy profiles of services, from a running API. */
export async function profilesFromApi(api: ApiClient): Promise<readonly ServiceProfile[]> {
  return (await api.get('/api/services', z.object({ services: z.array(profile) }))).services;
}

const nodePower = z.object({
  node: z.string(),
  quality: z.enum(['measured', 'modelled', 'simulated']),
  model: z.string().nullable(),
  calibration: z
    .object({
      factor: z.number(),
      source: z.enum(['meter', 'platform', 'kepler']),
      age_hours: z.number(),
      low: z.number(),
      high: z.number(),
    })
    .nullable(),
  containers: z.number(),
  watts: quantity,
  watts_low: quantity,
  watts_high: quantity,
  idle_share: quantity,
  system_share: quantity,
  unmetered_share: quantity,
  last_measurement: z.string(),
});

/** What is known of the power of each node, from a running API. */
export async function nodePowerFromApi(api: ApiClient): Promise<readonly NodePowerRow[]> {
  return (await api.get('/api/node-power', z.object({ nodes: z.array(nodePower) }))).nodes;
}

const jobs = z.object({
  decisions: z.number(),
  zones: z.array(zoneName),
  jobs: z.array(
    z.object({
      arrival: time,
      duration_hours: z.number(),
      slack_hours: z.number(),
      watts: z.number(),
      zones: z.array(zoneName),
      started: time,
      zone: zoneName,
    }),
  ),
});

/** Recorded placements of a range as jobs of a simulation, from a running API. */
export async function recordedJobsFromApi(api: ApiClient, { from, to }: TimeRange): Promise<RecordedJobs> {
  const path = `/api/recorded-jobs?start_time=${isoTime(from)}&end_time=${isoTime(to)}`;
  const { jobs: rows, ...rest } = await api.get(path, jobs);
  return {
    ...rest,
    jobs: rows.map(({ duration_hours, slack_hours, started, zone: ranIn, ...job }) => ({
      ...job,
      durationHours: duration_hours,
      slackHours: slack_hours,
      recorded: { start: started, zone: ranIn },
    })),
  };
}
