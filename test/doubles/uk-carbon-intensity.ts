import {
  type Asked,
  bentTime,
  type GridService,
  json,
  type Reply,
  type Service,
  startGridService,
  stepOf,
} from './grid-service.ts';

const STEP_MINUTES = 30;
const SPANS: Record<string, [from: number, to: number]> = { fw24h: [0, 24], fw48h: [0, 48], pt24h: [-24, 0] };

const uk: Service = {
  placeOf: (url) =>
    /regionid\/(\d+)/.exec(url.pathname)?.[1] ?? (url.pathname.startsWith('/intensity') ? 'GB' : undefined),
  answer(asked) {
    const [, from = '', to = ''] = /\/(\d{4}[^/]+Z)\/(\d{4}[^/]+Z)/.exec(asked.url.pathname) ?? [];
    if (Date.parse(to) - Date.parse(from) > 14 * 86_400_000) return refusal('400 Bad Request', 400);
    return asked.url.pathname.startsWith('/regional') ? regional(asked) : national(asked);
  },
  faults: {
    'bad-request': () => refusal('400 Bad Request', 400),
    'error-in-200': () => refusal('500 Internal Server Error', 200),
    'error-500': () => refusal('500 Internal Server Error', 500),
    'not-found': () => refusal('404 Not Found', 404),
  },
};

/** Starts the double of Great Britain's Carbon Intensity API. Values by `GB` and by region number. */
export function startUkCarbonIntensity(values: Record<string, number> = {}): Promise<GridService> {
  return startGridService(uk, values);
}

function refusal(code: string, status: number): Reply {
  return json({ error: { code, message: 'Please enter a valid request' } }, status);
}

/** The service leaves seconds out. */
function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

function steps(path: string, now: number): number[] {
  const range = /\/(\d{4}[^/]+Z)\/(\d{4}[^/]+Z)/.exec(path);
  if (range) {
    const [from, to] = [Date.parse(range[1] ?? ''), Date.parse(range[2] ?? '')];
    return Array.from(
      { length: (to - from) / 1_800_000 },
      (_, index) => stepOf(from, STEP_MINUTES) + index * 1_800_000,
    );
  }
  const span = SPANS[/\/(fw24h|fw48h|pt24h)/.exec(path)?.[1] ?? ''] ?? [0, 0.5];
  const first = stepOf(now, STEP_MINUTES) + span[0] * 3_600_000;
  const count = (span[1] - span[0]) * 2;
  return Array.from({ length: count }, (_, index) => first + index * STEP_MINUTES * 60_000);
}

function national(asked: Asked): Reply {
  const bend = asked.bend('GB');
  const data = steps(asked.url.pathname, asked.now).map((time) => {
    const from = bentTime(time, bend);
    const value = asked.valueAt('GB', time) ?? 200;
    const actual = bend !== 'null-value' && time < asked.now ? value : null;
    const forecast = bend === 'null-value' ? null : value + 4;
    return { from: minute(from), to: minute(from + 1_800_000), intensity: { forecast, actual, index: 'moderate' } };
  });
  return json({ data });
}

function regional(asked: Asked): Reply {
  const { url, now, values } = asked;
  const one = /regionid\/(\d+)/.exec(url.pathname)?.[1];
  const row = (id: string) => {
    const nothing = asked.bend(id) === 'null-value';
    const forecast = nothing ? 0 : (values.get(id) ?? 100);
    const mix = [
      { fuel: 'wind', perc: 70 },
      { fuel: 'gas', perc: 20.5 },
      { fuel: 'imports', perc: 9.5 },
    ];
    return { intensity: { forecast, index: 'low' }, generationmix: nothing ? [] : mix };
  };
  const identity = (id: string) => ({
    regionid: Number(asked.bend(id) === 'wrong-zone' ? 99 : id),
    shortname: `Region ${id}`,
  });
  const window = (time: number, id: string) => {
    const from = bentTime(time, asked.bend(id));
    return { from: minute(from), to: minute(from + 1_800_000) };
  };
  if (one !== undefined) {
    const data = steps(url.pathname, now).map((time) => ({ ...window(time, one), ...row(one) }));
    const body = { ...identity(one), data };
    // An object on the paths with a time, an array on the one without.
    return json({ data: url.pathname.includes('/intensity/') ? body : [body] });
  }
  const ids = [...values.keys()].filter((id) => /^\d+$/.test(id));
  const regions = ids.map((id) => ({ ...identity(id), dnoregion: `Operator ${id}`, ...row(id) }));
  return json({ data: [{ ...window(stepOf(now, STEP_MINUTES), ids[0] ?? '1'), regions }] });
}
