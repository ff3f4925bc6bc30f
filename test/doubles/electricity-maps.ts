import {
  type Asked,
  bentTime,
  type Fault,
  type GridService,
  json,
  type Reply,
  type Service,
  startGridService,
  stepOf,
} from './grid-service.ts';

/** A stand-in for the Electricity Maps API, which cannot be had here. Values by zone; an unknown zone does not exist. */
export interface ElectricityMapsDouble extends GridService {
  /** Paths that the key may ask for; what the catalogue tells. Undefined: a catalogue without access, as v3 has. */
  access: readonly string[] | undefined;
  /** Whether the power breakdown is of production alone, in the body that document 002 shows. */
  isProductionOnly: boolean;
  /** Minutes between two values of a forecast; default 60. */
  stepMinutes: number;
}

/** The key that the double takes. */
export const GOOD_KEY = 'em-key-7f3a91c2';
/** What the real service does when it cannot resolve a zone: it looks where the caller is. */
const CALLERS_ZONE = 'AT';
const HOUR_MS = 3_600_000;

/** Starts the double on a free loopback port; `url` ends in its version. */
export async function startElectricityMaps(values: Record<string, number> = {}): Promise<ElectricityMapsDouble> {
  const state = { access: ['*'] as readonly string[] | undefined, isProductionOnly: false, stepMinutes: 60 };
  const service: Service = {
    placeOf: (url) => url.searchParams.get('zone') ?? undefined,
    answer: (asked) => refusedKey(asked) ?? answer(asked, state),
    faults: FAULTS,
    exempt: /\/zones$/,
  };
  const double = await startGridService(service, values);
  return Object.defineProperties(Object.assign(double, { url: `${double.url}/v4` }), {
    access: { get: () => state.access, set: (access) => Object.assign(state, { access: access }) },
    stepMinutes: {
      get: () => state.stepMinutes,
      set: (stepMinutes) => Object.assign(state, { stepMinutes }),
    },
    isProductionOnly: {
      get: () => state.isProductionOnly,
      set: (isProductionOnly) => Object.assign(state, { isProductionOnly }),
    },
  }) as ElectricityMapsDouble;
}

const FAULTS: Partial<Record<Fault, (zone: string) => Reply>> = {
  'error-in-200': noRecentData(200),
  'not-found': noRecentData(404),
  'bad-request': () => json({ error: 'Missing arguments "node"' }, 400),
  'bad-key': () => json({ error: 'Invalid auth-token', message: 'The provided token is invalid.' }, 401),
  'not-in-plan': (zone) =>
    json(
      {
        error: `Request unauthorized for zoneKey=${zone}.`,
        message: 'You do not have access to this specific endpoint for this specific zone.',
      },
      401,
    ),
  'forbidden-html': () => ({ status: 403, body: 'Access denied' }),
};

function noRecentData(status: number): (zone: string) => Reply {
  return (zone) => json({ error: `No recent data for zone "${zone}"` }, status);
}

function refusedKey({ request }: Asked): Reply | undefined {
  const token = request.headers['auth-token'];
  if (token === GOOD_KEY) return undefined;
  const message =
    token === undefined ? 'Please provide a valid authentication header.' : `The provided token ${token} is invalid.`;
  return json({ error: 'Invalid auth-token', message }, 401);
}

function answer(
  asked: Asked,
  state: Pick<ElectricityMapsDouble, 'access' | 'isProductionOnly' | 'stepMinutes'>,
): Reply {
  const { access } = state;
  const { url, values, now } = asked;
  const path = /^\/v[34]\/(.+)$/.exec(url.pathname)?.[1] ?? '';
  if (path === 'zones') return json(catalogue([...values.keys()], access));
  if (!/^(carbon-intensity\/(latest|history|forecast|past-range)|power-breakdown\/latest)$/.test(path))
    return json({ error: 'Not found' }, 404);
  const zone = url.searchParams.get('zone') ?? '';
  const value = values.get(zone);
  const hour = stepOf(now, 60);
  if (value === undefined) {
    if (url.searchParams.get('disableCallerLookup') === 'true')
      return json({ error: `Zone "${zone}" does not exist` }, 400);
    return json(row(CALLERS_ZONE, 123, hour));
  }
  if (access && !access.includes('*') && !access.includes(path)) return FAULTS['not-in-plan']?.(zone) ?? json({}, 401);
  const bend = asked.bend(zone);
  const told = bend === 'wrong-zone' ? CALLERS_ZONE : zone;
  const at = bentTime(hour, bend);
  const valueIn = (time: number) => (bend === 'null-value' ? null : (asked.valueAt(zone, time) ?? null));
  switch (path) {
    case 'carbon-intensity/latest':
      return json(row(told, valueIn(at), at));
    case 'carbon-intensity/history': {
      const back = Array.from({ length: 24 }, (_, index) => at - (24 - index) * HOUR_MS);
      const history = back.map((time) => ({
        ...row(told, valueIn(time), time),
        isEstimated: false,
        estimationMethod: null,
      }));
      return json({ zone: told, history, temporalGranularity: 'hourly' });
    }
    case 'carbon-intensity/past-range': {
      const [start = 0, end = 0] = ['start', 'end'].map((name) => Date.parse(url.searchParams.get(name) ?? ''));
      if (!(end - start <= 10 * 24 * HOUR_MS)) return json({ error: 'Missing or invalid date parameter "start"' }, 400);
      const hours = Array.from(
        { length: Math.ceil((end - start) / HOUR_MS) },
        (_, index) => stepOf(start, 60) + index * HOUR_MS,
      );
      const data = hours.map((time) => ({
        ...row(told, valueIn(time), time),
        isEstimated: false,
        estimationMethod: null,
      }));
      return json({ zone: told, data });
    }
    case 'carbon-intensity/forecast': {
      const horizon = Number(url.searchParams.get('horizonHours') ?? 24);
      if (![6, 24, 48, 72].includes(horizon)) return json({ error: 'Invalid horizonHours' }, 400);
      const { stepMinutes } = state;
      const length = (horizon * 60) / stepMinutes + 1;
      const ahead = Array.from({ length }, (_, index) => at + index * stepMinutes * 60_000);
      const forecast = ahead.map((time) => ({ carbonIntensity: valueIn(time), datetime: iso(time) }));
      return json({ zone: told, forecast, updatedAt: iso(now), temporalGranularity: 'hourly' });
    }
    default:
      return json(state.isProductionOnly ? production(told, at) : breakdown(told, at));
  }
}

function catalogue(zones: readonly string[], access: readonly string[] | undefined): object {
  const entry = (zone: string) => ({
    zoneName: `Zone ${zone}`,
    ...(access && { zoneKey: zone, countryCode: zone.slice(0, 2), tier: 'TIER_A', access: [...access, ...access] }),
  });
  return Object.fromEntries(zones.map((zone) => [zone, entry(zone)]));
}

function row(zone: string, carbonIntensity: number | null, datetime: number) {
  return {
    zone,
    carbonIntensity,
    datetime: iso(datetime),
    updatedAt: iso(datetime - 11 * 60_000),
    createdAt: iso(datetime - 3 * 86_400_000),
    emissionFactorType: 'lifecycle',
    flowTraced: true,
    isEstimated: true,
    estimationMethod: 'TIME_SLICER_AVERAGE',
    temporalGranularity: 'hourly',
    _disclaimer: 'a field nobody told us about',
  };
}

/** In megawatts; null is not reported, and storage has a space in its name. */
function breakdown(zone: string, datetime: number) {
  const powerConsumptionBreakdown = {
    nuclear: 400,
    geothermal: null,
    biomass: 50,
    coal: 100,
    wind: 250,
    solar: 0,
    hydro: 100,
    gas: 50,
    oil: null,
    unknown: 30,
    'hydro discharge': 20,
    'battery discharge': null,
  };
  return { zone, datetime: iso(datetime), powerConsumptionBreakdown, powerConsumptionTotal: 1000, isEstimated: true };
}

function production(zone: string, datetime: number) {
  return {
    ...{ zone, datetime: iso(datetime), powerConsumptionTotal: 15_000, powerProductionTotal: 14_800 },
    powerProductionBreakdown: {
      ...{ solar: 780, wind: 1245, hydro: 450, nuclear: 1850 },
      ...{ coal: 5280, gas: 5690, oil: 120, unknown: 185 },
    },
    ...{ fossilFreePercentage: 28.5, renewablePercentage: 16.8 },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
