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

/** The account that the double knows. */
export const USERNAME = 'grid-reader';
/** Its password. */
export const PASSWORD = 'wt-pass-5e1d90';
const TOKEN_LIFE_MS = 30 * 60_000;
const STEP_MINUTES = 5;
/** Pounds in a kilogram: the double is told grams per kilowatt-hour and speaks pounds per megawatt-hour. */
const LBS_PER_KG = 1 / 0.45359237;

/** The double of WattTime v3, with what a test may look at. */
export interface WattTimeDouble extends GridService {
  readonly logins: number;
  /** Makes every token that was given out so far useless. */
  revokeTokens(): void;
  /** The region at some coordinates; undefined where there is no coverage. Without a test's own it is the first of the values. */
  regionAt: (latitude: number, longitude: number) => string | undefined;
  /** False: the newest hours of /v3/historical are empty. */
  hasHistory: boolean;
}

/** Starts the double. Values: gCO2/kWh by region. */
export async function startWattTime(values: Record<string, number> = {}): Promise<WattTimeDouble> {
  const tokens = new Map<string, number>();
  const state: Pick<WattTimeDouble, 'regionAt'> & { logins: number; hasHistory: boolean } = {
    logins: 0,
    hasHistory: true,
    regionAt: () => Object.keys(values)[0],
  };
  const service: Service = {
    placeOf: (url) => url.searchParams.get('region') ?? undefined,
    exempt: /^\/login$/,
    answer(asked) {
      if (asked.url.pathname === '/login') return login(asked);
      const token = asked.request.headers.authorization?.replace('Bearer ', '') ?? '';
      const issued = tokens.get(token);
      // The web server in front of the service turns expired tokens away, in HTML.
      if (issued === undefined || asked.now - issued > TOKEN_LIFE_MS) return html(403, 'Forbidden');
      if (asked.url.pathname === '/v3/region-from-loc') return answerPlace(asked, state.regionAt);
      return answerSeries(asked, state.hasHistory);
    },
    faults: {
      'forbidden-json': outOfScope,
      'not-in-plan': outOfScope,
      'bad-key': () => json({ error: 'Unauthorized' }, 401),
      'error-in-200': () => json({ error: 'A problem occurred, your request could not be processed' }),
      'not-found': () => json(NO_COVERAGE, 404),
    },
  };
  const login = (asked: Asked): Reply => {
    state.logins += 1;
    const given = Buffer.from((asked.request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    if (given !== `${USERNAME}:${PASSWORD}`) return html(403, 'Forbidden');
    const token = `token-${state.logins}-${asked.now}-c0ffee`;
    tokens.set(token, asked.now);
    return json({ token });
  };
  const double = await startGridService(service, values);
  return Object.defineProperties(Object.assign(double, { revokeTokens: () => tokens.clear() }), {
    logins: { get: () => state.logins },
    regionAt: { set: (value) => Object.assign(state, { regionAt: value }) },
    hasHistory: { get: () => state.hasHistory, set: (value) => Object.assign(state, { hasHistory: value }) },
  }) as WattTimeDouble;
}

function outOfScope(): Reply {
  const message =
    'Invalid scope. You do not have sufficient access to this resource. All users may ask for CAISO_NORTH.';
  return json({ error: 'Invalid query parameters', message }, 403);
}

const NO_COVERAGE = { error: 'No coverage available for these coordinates and signal_type' };

function answerPlace({ url }: Asked, regionAt: WattTimeDouble['regionAt']): Reply {
  const [latitude, longitude] = ['latitude', 'longitude'].map((name) =>
    Number(url.searchParams.get(name) ?? Number.NaN),
  );
  if (!(Math.abs(latitude as number) <= 90 && Math.abs(longitude as number) <= 180))
    return json({ error: 'Invalid query parameters', message: 'latitude and longitude are required' }, 400);
  const region = regionAt(latitude as number, longitude as number);
  const signal_type = url.searchParams.get('signal_type');
  return region === undefined ? json(NO_COVERAGE, 404) : json({ region, region_full_name: region, signal_type });
}

function answerSeries(asked: Asked, hasHistory: boolean): Reply {
  const { url, now, values } = asked;
  const region = url.searchParams.get('region') ?? '';
  const signal_type = url.searchParams.get('signal_type') ?? '';
  const value = values.get(region);
  if (value === undefined) return outOfScope();
  const bend = asked.bend(region);
  const meta = {
    data_point_period_seconds: 300,
    region: bend === 'wrong-zone' ? 'SOMEWHERE_ELSE' : region,
    signal_type,
    model: { date: '2024-05-01' },
    units: 'lbs_co2_per_mwh',
    warnings: [{ type: 'NOTE', message: 'a warning nobody asked for' }],
  };
  const point = (time: number) => ({
    point_time: new Date(bentTime(time, bend)).toISOString().replace('.000Z', '+00:00'),
    value: bend === 'null-value' ? null : Math.round(value * LBS_PER_KG * 1000) / 1000,
  });
  const step = STEP_MINUTES * 60_000;
  switch (url.pathname) {
    case '/v3/forecast': {
      const hours = Number(url.searchParams.get('horizon_hours') ?? 24);
      if (!(hours >= 0 && hours <= 72)) return json({ error: 'Invalid query parameters' }, 400);
      const data = Array.from({ length: hours * 12 }, (_, index) => point(stepOf(now, STEP_MINUTES) + index * step));
      return json({ data, meta: { ...meta, generated_at: new Date(stepOf(now, STEP_MINUTES)).toISOString() } });
    }
    case '/v3/historical': {
      const start = Date.parse(url.searchParams.get('start') ?? '');
      const end = Date.parse(url.searchParams.get('end') ?? '');
      if (Number.isNaN(start) || Number.isNaN(end)) return json({ error: 'start and end are required' }, 400);
      if (end - start > 32 * 86_400_000) return json({ error: 'Invalid query parameters' }, 400);
      const data = [];
      for (let time = stepOf(start + step - 1, STEP_MINUTES); time <= end; time += step)
        data.push({ ...point(time), last_updated: new Date(time).toISOString(), imputed_data_used: false });
      return json({ data: hasHistory ? data : [], meta });
    }
    case '/v3/signal-index':
      return json({
        data: [{ ...point(stepOf(now, STEP_MINUTES)), value: 48 }],
        meta: { ...meta, units: 'percentile' },
      });
    default:
      return json({ error: 'Not found' }, 404);
  }
}
