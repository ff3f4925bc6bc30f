import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type IntensitySample, intensitySample, QUALITIES } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, hourOf } from '../../../shared/grid/units.ts';
import { parseZone, type Zone, zone as zoneOf } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { plausiblePoints, requirePlausible, usableElements } from './elements.ts';
import { instant } from './fields.ts';

const NAME = 'json';

const value = z.number().transform(gramsPerKwh);
const point = z.object({ datetime: instant, carbonIntensity: value });
const entry = z.union([
  value.transform((carbonIntensity) => ({ carbonIntensity })),
  z.object({
    carbonIntensity: value,
    datetime: instant.nullish(),
    isEstimated: z.boolean().nullish(),
    quality: z.enum(QUALITIES).nullish(),
    emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
    signal: z.enum(['average', 'marginal']).default('average'),
    forecast: z.array(z.unknown()).nullish(),
    history: z.array(z.unknown()).nullish(),
  }),
]);
const table = z.record(z.string(), z.unknown());
/** Zones at the top, or below `regions` as in our own cache file. */
const body = z.union([z.object({ regions: table }).transform(({ regions }) => regions), table]);
type Entry = z.output<typeof entry>;

/** The user's own data: a JSON file or address with gCO2eq/kWh by zone or name, `{"DE": 300}` or `{"DE": {"carbonIntensity": 300, "datetime": …}}`; read anew in each poll cycle. */
export function jsonSource(client: ProviderClient, options: { readonly source: string }): GridProvider {
  const load = coalesceRequests({ now: () => client.now(), holdMs: 0 }, async (_, signal) => {
    const zone = zoneOf('XX');
    const json = /^https?:/.test(options.source)
      ? (await client.fetch({ zone, url: options.source, signal })).json
      : await readJson(options.source, zone);
    return parseAs(body, json, NAME, zone);
  });
  const find = async (zone: Zone, signal: AbortSignal): Promise<Entry | undefined> => {
    const all = await load('', signal).catch(rethrowForZone(zone));
    const name = Object.hasOwn(all, zone) ? zone : Object.keys(all).find((key) => meansZone(key, zone));
    return name === undefined ? undefined : parseAs(entry, all[name], NAME, zone);
  };
  const own = async (zone: Zone, signal: AbortSignal): Promise<Entry> => {
    const found = await find(zone, signal);
    if (found) return requirePlausible(found, client, zone);
    const detail = 'the JSON source does not have the zone';
    throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail });
  };
  const pointsOf = (elements: readonly unknown[], zone: Zone) =>
    plausiblePoints(usableElements(point, elements, client, zone), client, zone);
  return {
    name: NAME,
    covers: () => true,
    knows: (zone, signal) =>
      find(zone, signal).then(
        (found) => found !== undefined,
        (error) => (failureOf(error).reason === 'malformed' ? true : undefined),
      ),
    async latest(zone, signal) {
      return toSample(zone, await own(zone, signal), client.now());
    },
    async forecast(zone, signal) {
      const found = await own(zone, signal);
      if ('forecast' in found && found.forecast) return pointsOf(found.forecast, zone);
      throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail: 'the zone has no forecast' });
    },
    async history(zone, signal) {
      const found = await own(zone, signal);
      const past = ('history' in found && found.history) || [];
      return pointsOf(past, zone).map((hour) => toSample(zone, { ...found, ...hour }, client.now()));
    },
  };
}

function meansZone(key: string, zone: Zone): boolean {
  const parsed = parseZone(key);
  return parsed.kind !== 'malformed' && parsed.zone === zone;
}

async function readJson(path: string, zone: Zone): Promise<unknown> {
  try {
    return JSON.parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === undefined ? 'malformed' : 'unavailable';
    const detail = code === undefined ? 'the file is not complete JSON' : `the file cannot be read (${code})`;
    throw new ProviderError({ provider: NAME, zone, reason, detail, cause });
  }
}

/** A value without a time is of the present hour. */
function toSample(zone: Zone, found: Entry, now: number): IntensitySample {
  const full = 'signal' in found ? found : undefined;
  const isEstimated = full?.isEstimated ?? false;
  return intensitySample({
    zone,
    carbonIntensity: found.carbonIntensity,
    datetime: full?.datetime ?? hourOf(now),
    fetchedAt: now,
    emissionFactorType: full?.emissionFactorType ?? 'lifecycle',
    isEstimated,
    provider: NAME,
    signal: full?.signal ?? 'average',
    quality: full?.quality ?? (isEstimated ? 'estimated' : 'measured'),
  });
}
