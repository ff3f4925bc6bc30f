import { z } from 'zod';
import { energyMix, type IntensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, errorText, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';

const NAME = 'eia';
const ZONE = /^US-[A-Z]+-([A-Z]+)$/;
/** Rows of a question: two days of hours with some ten fuels each. */
const LENGTH = 480;
/** An hour whose known fuels make up less of its generation has no value. */
const KNOWN_SHARE = 0.9;

/**
 * Grams per kilowatt-hour over the life cycle by fuel: medians of IPCC AR5 WG III (2014), Annex III, Table A.III.2
 * (solar: utility PV; wind: onshore). Oil is not in that table: UK Parliamentary Office of Science and Technology,
 * POSTnote 268 (2006), oil-fired generation.
 */
const FACTORS: Readonly<Record<string, readonly [source: string, gramsPerKwh: number]>> = {
  COL: ['coal', 820],
  NG: ['gas', 490],
  OIL: ['oil', 650],
  NUC: ['nuclear', 12],
  WAT: ['hydro', 24],
  WND: ['wind', 11],
  SUN: ['solar', 48],
  GEO: ['other', 38],
};
/** Storage gives back what was generated before: not counted again. */
const STORAGE = new Set(['BAT', 'PS', 'UES', 'SNB', 'WNB', 'OES']);

const body = z.object({
  response: z.object({
    data: z.array(
      z.object({
        period: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d$/, 'is not a UTC hour'),
        respondent: z.string(),
        fueltype: z.string(),
        // Text in recordings, a number in the documentation's example.
        value: z
          .union([z.number(), z.string(), z.null()])
          .transform((value) => (value === null ? Number.NaN : Number(value))),
      }),
    ),
  }),
});
type Row = z.output<typeof body>['response']['data'][number];

/** US Energy Information Administration, Form EIA-930: intensity of what a balancing authority generated, computed from its fuels; lags by hours. */
export function eia(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly apiKey: string },
): GridProvider {
  const hours = async (zone: Zone, signal: AbortSignal, background: boolean): Promise<IntensitySample[]> => {
    const respondent = ZONE.exec(zone)?.[1] ?? '';
    const query = new URLSearchParams({
      api_key: options.apiKey,
      frequency: 'hourly',
      'data[0]': 'value',
      'facets[respondent][]': respondent,
      'sort[0][column]': 'period',
      'sort[0][direction]': 'desc',
      length: String(LENGTH),
    });
    const url = `${options.baseUrl}/electricity/rto/fuel-type-data/data?${query}`;
    const response = await client.fetch({ zone, url, signal, classify, background });
    const { data } = parseAs(body, response.json, NAME, zone).response;
    const own = data.filter((row) => row.respondent === respondent);
    if (own.length > 0) return completeHours(own, zone, client.now());
    const reason = data.length > 0 ? 'malformed' : 'not-covered';
    throw new ProviderError({ provider: NAME, zone, reason, detail: `no rows of the respondent ${respondent}` });
  };
  return {
    name: NAME,
    covers: (zone) => ZONE.test(zone),
    async latest(zone, signal) {
      const newest = (await hours(zone, signal, false)).at(-1);
      if (newest) return newest;
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no hour is complete' });
    },
    history: (zone, signal) => hours(zone, signal, true),
  };
}

/** api.data.gov tells a bad key as 403 and too many requests as 429, both with a code. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  if (response.status !== 200 && /OVER_RATE_LIMIT/.test(errorText(response))) return 'rate-limited';
  return classifyResponse(response);
}

/** Readings of the hours that report every fuel that the others do, oldest first: fuels arrive one after the other. */
function completeHours(rows: readonly Row[], zone: Zone, fetchedAt: EpochMs): IntensitySample[] {
  const periods = new Map<string, Row[]>();
  for (const row of rows) {
    if (Number.isNaN(row.value)) continue;
    const of = periods.get(row.period);
    if (of) of.push(row);
    else periods.set(row.period, [row]);
  }
  const fullest = Math.max(0, ...[...periods.values()].map((of) => of.length));
  const complete = [...periods].filter(([, of]) => of.length === fullest);
  return complete
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([period, of]) => {
      // EIA-930 stamps an hour with its end.
      const datetime = Date.parse(`${period}:00:00Z`) - HOUR_MS;
      const computed = computedIntensity(of);
      return computed === undefined ? [] : [toSample(zone, datetime, fetchedAt, of, computed)];
    });
}

/** Σ(energy × factor) / Σ energy over fuels with a factor; undefined when they are too small a part of the whole. */
function computedIntensity(rows: readonly Row[]): number | undefined {
  let known = 0;
  let all = 0;
  let weighted = 0;
  for (const { fueltype, value } of rows) {
    if (STORAGE.has(fueltype) || value <= 0) continue;
    all += value;
    const factor = FACTORS[fueltype]?.[1];
    if (factor === undefined) continue;
    known += value;
    weighted += value * factor;
  }
  return known > 0 && known >= all * KNOWN_SHARE ? Math.round((weighted / known) * 10) / 10 : undefined;
}

function toSample(
  zone: Zone,
  datetime: EpochMs,
  fetchedAt: EpochMs,
  rows: readonly Row[],
  value: number,
): IntensitySample {
  const amounts = rows
    .filter(({ fueltype }) => !STORAGE.has(fueltype))
    .map(({ fueltype, value: mwh }) => [FACTORS[fueltype]?.[0] ?? 'other', mwh] as const);
  return {
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime,
    fetchedAt,
    ...NO_REVISIONS,
    emissionFactorType: 'lifecycle',
    isEstimated: true,
    estimationMethod: 'EIA_930_FUEL_MIX_IPCC_AR5',
    provider: NAME,
    signal: 'average',
    quality: 'estimated',
    energyMix: energyMix(amounts),
  };
}
