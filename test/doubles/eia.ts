import {
  bentTime,
  type GridService,
  json,
  type Reply,
  type Service,
  startGridService,
  stepOf,
} from './grid-service.ts';

/** The key that the double takes. */
export const EIA_KEY = 'eia-key-31b7d2';
/** The newest hours come one after the other, fuel by fuel. */
const LAG_HOURS = 2;
/** How far back the double goes. */
const HOURS = 40 * 24;

/** The double of EIA, with what a test may set. */
export interface EiaDouble extends GridService {
  /** Rows that are sent after all others. */
  more: readonly object[];
}

const service = (state: Pick<EiaDouble, 'more'>): Service => ({
  placeOf: (url) => url.searchParams.get('facets[respondent][]') ?? undefined,
  answer({ url, now, values, bend }) {
    const key = url.searchParams.get('api_key');
    if (key === null) return refusal('API_KEY_MISSING', 403);
    if (key !== EIA_KEY) return refusal('API_KEY_INVALID', 403);
    if (url.pathname !== '/v2/electricity/rto/fuel-type-data/data') return json({ error: 'Not found', code: 404 }, 404);
    const respondent = url.searchParams.get('facets[respondent][]') ?? '';
    const length = Math.min(Number(url.searchParams.get('length') ?? 5000), 5000);
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const start = url.searchParams.get('start') ?? '';
    const value = values.get(respondent);
    const how = bend(respondent);
    const all = value === undefined ? [] : hours(now, how === 'wrong-zone' ? 'ELSEWHERE' : respondent, value, how);
    const rows = all.filter(({ period }) => period >= start);
    return json({
      response: {
        total: rows.length,
        dateFormat: 'YYYY-MM-DD"T"HH24',
        frequency: 'hourly',
        data: [...rows.slice(offset, offset + length), ...state.more],
      },
    });
  },
  faults: {
    'bad-key': () => refusal('API_KEY_INVALID', 403),
    'forbidden-json': () => refusal('API_KEY_DISABLED', 403),
    'too-many': () => refusal('OVER_RATE_LIMIT', 429),
    'error-in-200': () => json({ error: 'something went wrong', code: 500 }),
  },
});

/** Starts the double of EIA v2. Values by respondent: coal (820), wind (11) and a battery are mixed to give them. */
export async function startEia(values: Record<string, number> = {}): Promise<EiaDouble> {
  const state: Pick<EiaDouble, 'more'> = { more: [] };
  const double = await startGridService(service(state), values);
  return Object.defineProperties(double, {
    more: { get: () => state.more, set: (more) => Object.assign(state, { more }) },
  }) as EiaDouble;
}

function refusal(code: string, status: number): Reply {
  return json({ error: { code, message: 'An API key problem. Get one at api.data.gov.' } }, status);
}

function hours(now: number, respondent: string, value: number, how: Parameters<typeof bentTime>[1]) {
  const coal = Math.round(((value - 11) / (820 - 11)) * 100_000);
  const newest = stepOf(now, 60) - LAG_HOURS * 3_600_000;
  const row = (time: number, fueltype: string, megawattHours: number) => ({
    // The stamp is the end of the hour.
    period: new Date(bentTime(time + 3_600_000, how)).toISOString().slice(0, 13),
    respondent,
    'respondent-name': `${respondent} Operator`,
    fueltype,
    'type-name': fueltype,
    value: how === 'null-value' ? null : String(megawattHours),
    'value-units': 'megawatthours',
  });
  return Array.from({ length: HOURS }, (_, back) => newest - back * 3_600_000).flatMap((time, back) => [
    row(time, 'COL', coal),
    row(time, 'BAT', -120),
    // A code that the service may add one day.
    ...(respondent === 'PJM' ? [row(time, 'ZZZ', 3)] : []),
    // The newest hour lacks a fuel still.
    ...(back === 0 ? [] : [row(time, 'WND', 100_000 - coal)]),
  ]);
}
