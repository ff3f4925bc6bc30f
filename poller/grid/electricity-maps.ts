import { z } from 'zod';
import type { ForecastPoint, Reading } from '../../shared/intensity.ts';
import { gramsPerKwh } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import { type Answer, type Asker, ask, errorText, faultOfStatus } from './ask.ts';
import { type GridProvider, ProviderError, type ProviderFault } from './provider.ts';

const NAME = 'electricity-maps';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const row = z.object({
  zone: z.string(),
  carbonIntensity: z.number().nonnegative().finite().transform(gramsPerKwh),
  datetime: instant,
  updatedAt: instant.nullish(),
  createdAt: instant.nullish(),
  emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
  isEstimated: z.boolean().nullish(),
  estimationMethod: z.string().max(100).nullish(),
});

const forecastBody = z.object({
  zone: z.string(),
  forecast: z.array(z.object({ datetime: instant, carbonIntensity: z.number().nonnegative().transform(gramsPerKwh) })),
});

/** Access to Electricity Maps: `baseUrl` with its version (`/v4` or `/v3`), and the key. */
export interface ElectricityMapsOptions extends Asker {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Electricity Maps: average, flow-traced, lifecycle intensity by zone (v4, and v3 with the same bodies). */
export function electricityMaps(options: ElectricityMapsOptions): GridProvider {
  return {
    name: NAME,
    covers: () => true,
    async latest(zone, signal) {
      const body = await get(options, 'latest', zone, signal);
      return toReading(parse(row, body, zone), zone, options.clock.now());
    },
    async forecast(zone, signal): Promise<ForecastPoint[]> {
      const body = await get(options, 'forecast', zone, signal);
      return parse(forecastBody, body, zone).forecast;
    },
  };
}

async function get(
  options: ElectricityMapsOptions,
  what: 'latest' | 'forecast',
  zone: Zone,
  signal: AbortSignal,
): Promise<unknown> {
  // Without disableCallerLookup a zone that cannot be resolved is answered with the zone of the caller's address.
  const query = new URLSearchParams({ zone, disableCallerLookup: 'true' });
  const url = `${options.baseUrl}/carbon-intensity/${what}?${query}`;
  const answer = await ask(options, { provider: NAME, zone, url, headers: { 'auth-token': options.apiKey }, signal });
  const told = (answer.json as { error?: unknown } | null | undefined)?.error;
  if (answer.status === 200 && answer.json !== undefined && told === undefined) return answer.json;
  const { status, retryAfterMs } = answer;
  throw new ProviderError({
    provider: NAME,
    zone,
    fault: faultOf(answer),
    detail: errorText(answer),
    status,
    retryAfterMs,
  });
}

/** A 401 has three meanings: a bad key, a plan without this zone or endpoint, and too many requests at once. */
function faultOf(answer: Answer): ProviderFault {
  const text = errorText(answer).toLowerCase();
  if (text.includes('no recent data')) return 'no-data';
  if (answer.status === 200) return 'malformed';
  if (answer.status !== 401) return faultOfStatus(answer.status);
  if (text.includes('request unauthorized') || text.includes('do not have access')) return 'not-covered';
  if (text.includes('invalid auth-token') || text.includes('token')) return 'auth';
  return 'rate-limited';
}

function parse<Schema extends z.ZodType<{ zone: string }>>(
  schema: Schema,
  body: unknown,
  zone: Zone,
): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ProviderError({
      provider: NAME,
      zone,
      fault: 'malformed',
      detail: `${issue?.path.join('.')}: ${issue?.message}`,
    });
  }
  if (parsed.data.zone !== zone) {
    throw new ProviderError({
      provider: NAME,
      zone,
      fault: 'malformed',
      detail: `answered for zone ${parsed.data.zone}`,
    });
  }
  return parsed.data;
}

function toReading(body: z.output<typeof row>, zone: Zone, fetchedAt: number): Reading {
  const isEstimated = body.isEstimated ?? true;
  return {
    zone,
    carbonIntensity: body.carbonIntensity,
    datetime: body.datetime,
    fetchedAt,
    updatedAt: body.updatedAt ?? null,
    createdAt: body.createdAt ?? null,
    emissionFactorType: body.emissionFactorType,
    isEstimated,
    estimationMethod: body.estimationMethod ?? null,
    provider: NAME,
    signal: 'average',
    quality: isEstimated ? 'estimated' : 'measured',
  };
}
