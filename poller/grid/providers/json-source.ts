import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type IntensitySample, QUALITIES } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, hourOf } from '../../../shared/grid/units.ts';
import { type Zone, zone as zoneOf } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';

const NAME = 'json';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const value = z.number().nonnegative().finite().transform(gramsPerKwh);
const point = z.object({ datetime: instant, carbonIntensity: value });
const entry = z.union([
  value.transform((carbonIntensity) => ({ carbonIntensity })),
  z.object({
    carbonIntensity: value,
    datetime: instant.optional(),
    isEstimated: z.boolean().default(false),
    quality: z.enum(QUALITIES).optional(),
    emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
    signal: z.enum(['average', 'marginal']).default('average'),
    forecast: z.array(point).optional(),
    history: z.array(point).optional(),
  }),
]);
const table = z.record(z.string(), entry);
/** Zones at the top, or below `regions` as in our own cache file. */
const body = z.union([z.object({ regions: table }).transform(({ regions }) => regions), table]);
type Entry = z.output<typeof entry>;

/** The user's own data: a JSON file or address with gCO2eq/kWh by zone, `{"DE": 300}` or `{"DE": {"carbonIntensity": 300, "datetime": …}}`; read anew each round. */
export function jsonSource(client: ProviderClient, options: { readonly source: string }): GridProvider {
  const load = coalesceRequests({ now: () => client.now(), holdMs: 0 }, async (_, signal) => {
    const zone = zoneOf('XX');
    const json = /^https?:/.test(options.source)
      ? (await client.fetch({ zone, url: options.source, signal })).json
      : await readJson(options.source, zone);
    return parseAs(body, json, NAME, zone);
  });
  const own = async (zone: Zone, signal: AbortSignal): Promise<Entry> => {
    const all = await load('', signal).catch(rethrowForZone(zone));
    const found = Object.hasOwn(all, zone) ? all[zone] : undefined;
    if (found) return found;
    throw new ProviderError({
      provider: NAME,
      zone,
      reason: 'not-covered',
      detail: 'the JSON source has no such zone',
    });
  };
  return {
    name: NAME,
    covers: () => true,
    async latest(zone, signal) {
      return toSample(zone, await own(zone, signal), client.now());
    },
    async forecast(zone, signal) {
      const of = await own(zone, signal);
      if ('forecast' in of && of.forecast) return of.forecast;
      throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail: 'the zone has no forecast' });
    },
    async history(zone, signal) {
      const of = await own(zone, signal);
      const past = ('history' in of && of.history) || [];
      return past.map((row) => toSample(zone, { ...of, ...row }, client.now()));
    },
  };
}

async function readJson(path: string, zone: Zone): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === undefined ? 'malformed' : 'unavailable';
    const detail = code === undefined ? 'the file is not whole JSON' : `the file cannot be read (${code})`;
    throw new ProviderError({ provider: NAME, zone, reason, detail, cause });
  }
}

/** A value without a time is what the user says of now. */
function toSample(zone: Zone, of: Entry, now: number): IntensitySample {
  const full = 'signal' in of ? of : undefined;
  const isEstimated = full?.isEstimated ?? false;
  return {
    zone,
    carbonIntensity: of.carbonIntensity,
    datetime: full?.datetime ?? hourOf(now),
    fetchedAt: now,
    ...NO_REVISIONS,
    emissionFactorType: full?.emissionFactorType ?? 'lifecycle',
    isEstimated,
    estimationMethod: null,
    provider: NAME,
    signal: full?.signal ?? 'average',
    quality: full?.quality ?? (isEstimated ? 'estimated' : 'measured'),
  };
}
