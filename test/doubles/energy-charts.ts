import {
  type Asked,
  bentTime,
  type GridService,
  html,
  json,
  type Reply,
  type Service,
  startGridService,
  stepOf,
} from './grid-service.ts';

const STEP_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
/** The service's day is Central European; the double stays in winter. */
const CET_MS = 3_600_000;
/** From this hour (CET) on the forecast goes to the end of tomorrow. */
const TOMORROW_FROM_HOUR = 19;

/** The double of Energy-Charts, with what a test may set. */
export interface EnergyChartsDouble extends GridService {
  /** Requests that are taken at once, and the milliseconds for one more; undefined: no limit. */
  limit: { readonly burst: number; readonly refillMs: number } | undefined;
  deprecated: boolean;
  /** Sent in the place of the values; undefined: the values are sent. */
  series: object | undefined;
  /** Requests that were refused as too many. */
  readonly refused: number;
}

/** Starts the double of Energy-Charts. Values by lower-case country. Without a range it tells today, from local midnight on. */
export async function startEnergyCharts(values: Record<string, number> = {}): Promise<EnergyChartsDouble> {
  const state = {
    limit: undefined as EnergyChartsDouble['limit'],
    series: undefined as EnergyChartsDouble['series'],
    deprecated: false,
    refused: 0,
  };
  const bucket = { tokens: 0, at: Number.NEGATIVE_INFINITY };
  const isRefused = (now: number): boolean => {
    if (!state.limit) return false;
    const { burst, refillMs } = state.limit;
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    bucket.at = now;
    if (bucket.tokens < 1) return true;
    bucket.tokens -= 1;
    return false;
  };
  const service: Service = {
    placeOf: (url) => url.searchParams.get('country') ?? undefined,
    answer(asked) {
      if (!isRefused(asked.now)) return state.series ? json(state.series) : answer(asked, state.deprecated);
      state.refused += 1;
      return { ...json({ detail: 'Too Many Requests' }, 429), headers: { 'Retry-After': '5' } };
    },
    faults: { 'not-found': () => ({ status: 404, body: 'no content available' }) },
  };
  const double = await startGridService(service, values);
  return Object.defineProperties(double, {
    limit: { get: () => state.limit, set: (limit) => Object.assign(state, { limit }) },
    series: { get: () => state.series, set: (series) => Object.assign(state, { series }) },
    deprecated: { get: () => state.deprecated, set: (deprecated) => Object.assign(state, { deprecated }) },
    refused: { get: () => state.refused },
  }) as EnergyChartsDouble;
}

function answer({ url, now, values, valueAt, bend }: Asked, deprecated: boolean): Reply {
  const country = url.searchParams.get('country') ?? '';
  const value = values.get(country);
  if (url.pathname !== '/co2eq') return html(404, 'Not Found');
  if (value === undefined)
    return { status: 400, body: `'${country}' is not the code for an available country. Available: de, fr` };
  const how = bend(country);
  const today = Math.floor((now + CET_MS) / DAY_MS) * DAY_MS - CET_MS;
  const hasRange = url.searchParams.has('start');
  const start = hasRange ? Date.parse(url.searchParams.get('start') ?? '') - CET_MS : today;
  const end = hasRange ? Date.parse(url.searchParams.get('end') ?? '') - CET_MS + DAY_MS : today + 2 * DAY_MS;
  const times = Array.from({ length: (end - start) / STEP_MS }, (_, index) => start + index * STEP_MS);
  const known = (time: number) => time <= stepOf(now, 15) - STEP_MS || how === 'future';
  const local = new Date(now + CET_MS).getUTCHours();
  const horizon = today + (local >= TOMORROW_FROM_HOUR ? 2 : 1) * DAY_MS;
  const isForecast = (time: number) => !known(time) && time < horizon && how !== 'null-value';
  return json({
    unix_seconds: times.map((time) => bentTime(time, how) / 1000),
    co2eq: times.map((time) => (known(time) && how !== 'null-value' ? (valueAt(country, time) ?? null) : null)),
    co2eq_forecast: times.map((time) => (isForecast(time) ? (valueAt(country, time) ?? value) + 6 : null)),
    deprecated,
  });
}
