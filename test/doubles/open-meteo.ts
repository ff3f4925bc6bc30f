import { type Asked, type GridService, html, json, type Reply, startGridService } from './grid-service.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Variables that the double knows, with their units: the default one, and that of the units which a request may choose. */
const UNITS: Readonly<
  Record<string, { readonly standard: string; readonly chosen?: readonly [string, string, string] }>
> = {
  wind_speed_80m: { standard: 'km/h', chosen: ['wind_speed_unit', 'ms', 'm/s'] },
  wind_speed_120m: { standard: 'km/h', chosen: ['wind_speed_unit', 'ms', 'm/s'] },
  temperature_2m: { standard: '°C', chosen: ['temperature_unit', 'fahrenheit', '°F'] },
  shortwave_radiation: { standard: 'W/m²' },
};
const KNOWN_PARAMETERS = new Set(
  'latitude longitude hourly past_days forecast_days timezone timeformat wind_speed_unit temperature_unit apikey'.split(
    ' ',
  ),
);

/** The double of Open-Meteo's previous runs, with what a test may set. */
export interface OpenMeteoDouble extends GridService {
  /** The value of a variable at a place and time as it was forecast so many days before; undefined is null. Wind in m/s. */
  weatherAt: (variable: string, latitude: number, time: number, lead: number) => number | undefined;
  /** The key that is demanded; undefined: none. */
  apiKey: string | undefined;
  /** Units are reported as if the request had chosen none. */
  ignoresUnits: boolean;
}

/** Starts the double. It refuses unknown parameters and variables, and ranges beyond 92 days, as the service does. */
export async function startOpenMeteo(): Promise<OpenMeteoDouble> {
  const state = {
    weatherAt: ((variable) =>
      variable.startsWith('wind') ? 8 : variable === 'temperature_2m' ? 10 : 100) as OpenMeteoDouble['weatherAt'],
    apiKey: undefined as string | undefined,
    ignoresUnits: false,
  };
  const double = await startGridService({
    placeOf: (url) => url.searchParams.get('latitude') ?? undefined,
    answer: (asked) => answer(asked, state),
    faults: {
      'too-many': () =>
        json({ error: true, reason: 'Minutely API request limit exceeded. Please try again in one minute.' }, 429),
      'not-found': () => html(404, 'Not Found'),
    },
  });
  return Object.defineProperties(double, {
    weatherAt: { set: (weatherAt) => Object.assign(state, { weatherAt }) },
    apiKey: { set: (apiKey) => Object.assign(state, { apiKey }) },
    ignoresUnits: { set: (ignoresUnits) => Object.assign(state, { ignoresUnits }) },
  }) as OpenMeteoDouble;
}

function answer(
  { url, now, bend }: Asked,
  state: Pick<OpenMeteoDouble, 'weatherAt' | 'apiKey' | 'ignoresUnits'>,
): Reply {
  if (url.pathname !== '/v1/forecast') return json({ error: true, reason: 'Not Found' }, 404);
  const refused = (reason: string) => json({ error: true, reason }, 400);
  const of = (name: string) => url.searchParams.get(name) ?? '';
  if (state.apiKey !== undefined && of('apikey') !== state.apiKey) return refused('The supplied API key is invalid.');
  for (const name of url.searchParams.keys())
    if (!KNOWN_PARAMETERS.has(name)) return refused(`Unknown parameter ${name}`);
  const latitudes = of('latitude').split(',').map(Number);
  const longitudes = of('longitude').split(',').map(Number);
  if (latitudes.length !== longitudes.length)
    return refused('Parameter latitude and longitude must have the same number of elements');
  for (const [value, most, name] of [
    ...latitudes.map((of) => [of, 90, 'Latitude'] as const),
    ...longitudes.map((of) => [of, 180, 'Longitude'] as const),
  ])
    if (!(Math.abs(value) <= most))
      return refused(`${name} must be in range of -${most} to ${most}°. Given: ${value}.`);
  const [past, ahead] = [Number(of('past_days') || 0), Number(of('forecast_days') || 7)];
  if (!(past >= 0 && past <= 92)) return refused(`Past days is invalid. Allowed range 0 to 92. Given ${past}.`);
  if (!(ahead >= 0 && ahead <= 16)) return refused(`Forecast days is invalid. Allowed range 0 to 16. Given ${ahead}.`);
  const names = of('hourly').split(',');
  for (const name of names) {
    if (UNITS[baseOf(name)] && leadOf(name) <= 7) continue;
    return refused(
      `Data corrupted at path ''. Cannot initialize SurfacePressureAndHeightVariable from invalid String value ${name}.`,
    );
  }
  const start = Math.floor(now / DAY_MS) * DAY_MS - past * DAY_MS;
  const times = Array.from({ length: (past + ahead) * 24 }, (_, hour) => start + hour * HOUR_MS);
  const isNull = bend(of('latitude')) === 'null-value';
  const places = latitudes.map((latitude, index) => ({
    latitude,
    longitude: longitudes[index],
    generationtime_ms: 0.2,
    utc_offset_seconds: 0,
    timezone: 'GMT',
    timezone_abbreviation: 'GMT',
    elevation: 38,
    hourly_units: Object.fromEntries([
      ['time', of('timeformat') || 'iso8601'],
      ...names.map((name) => [name, unitOf(name, of, state.ignoresUnits)]),
    ]),
    hourly: Object.fromEntries([
      [
        'time',
        times.map((time) =>
          of('timeformat') === 'unixtime' ? time / 1000 : new Date(time).toISOString().slice(0, 16),
        ),
      ],
      ...names.map((name) => {
        const factor = unitOf(name, of, false) === 'km/h' ? 3.6 : 1;
        const values = times.map((time) =>
          isNull ? undefined : state.weatherAt(baseOf(name), latitude, time, leadOf(name)),
        );
        return [name, values.map((value) => (value === undefined ? null : Math.round(value * factor * 100) / 100))];
      }),
    ]),
  }));
  // One place is an object, several are an array.
  return json(places.length === 1 ? (places[0] as object) : places);
}

function baseOf(name: string): string {
  return name.replace(/_previous_day\d+$/, '');
}

function leadOf(name: string): number {
  return Number(/_previous_day(\d+)$/.exec(name)?.[1] ?? 0);
}

function unitOf(name: string, of: (parameter: string) => string, ignoresUnits: boolean): string {
  const known = UNITS[baseOf(name)];
  const [parameter, value, unit] = known?.chosen ?? [];
  return !ignoresUnits && parameter && unit && of(parameter) === value ? unit : (known?.standard ?? '');
}
