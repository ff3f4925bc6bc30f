import { bentTime, type GridService, json, type Service, startGridService, stepOf } from './grid-service.ts';

const STEP_MS = 5 * 60_000;
const FORECAST_STEPS = 30 * 12;
const PAST_STEPS = 40 * 24 * 12;

/** Starts the double of Energinet. Values by price area (`DK1`, `DK2`); one request per data set and minute, as the real one. */
export function startEnerginet(values: Record<string, number> = {}): Promise<GridService> {
  const servedAt = new Map<string, number>();
  const service: Service = {
    placeOf: () => undefined,
    answer({ url, now, values: known, bend }) {
      const dataset = url.pathname.replace('/dataset/', '');
      if (!['CO2Emis', 'CO2EmisProg'].includes(dataset)) return json({ error: 'No such dataset' }, 404);
      const last = servedAt.get(dataset);
      if (last !== undefined && now - last < 60_000)
        return { ...json({ message: 'Too many requests' }, 429), headers: { 'Retry-After': '60' } };
      servedAt.set(dataset, now);
      const query = url.searchParams;
      const areas = (JSON.parse(query.get('filter') ?? '{}').PriceArea ?? []) as string[];
      const limit = Number(query.get('limit') ?? 100) || Number.POSITIVE_INFINITY;
      const newest = stepOf(now, 5) + (dataset === 'CO2Emis' ? 0 : FORECAST_STEPS * STEP_MS);
      const oldest = dataset === 'CO2Emis' ? newest - PAST_STEPS * STEP_MS : stepOf(now, 5) - 86_400_000;
      const times = timesBetween(Math.max(oldest, startOf(query)), newest);
      if (/desc$/i.test(query.get('sort') ?? '')) times.reverse();
      const records = times.slice(0, limit).flatMap((time) =>
        areas.map((area) => {
          const how = bend(area);
          const text = new Date(bentTime(time, how)).toISOString().slice(0, 19);
          const PriceArea = how === 'wrong-zone' ? 'SE3' : area;
          const CO2Emission = how === 'null-value' ? null : (known.get(area) ?? null);
          return { Minutes5UTC: text, Minutes5DK: text, PriceArea, CO2Emission };
        }),
      );
      return json({ total: records.length, limit, dataset, records: records.slice(0, limit) });
    },
  };
  return startGridService(service, values);
}

/** The start of a request; Danish local time (here: an hour ahead of UTC) unless it says UTC. */
function startOf(query: URLSearchParams): number {
  const start = query.get('start');
  if (start === null) return Number.NEGATIVE_INFINITY;
  const offset = query.get('timezone') === 'UTC' ? 0 : 3_600_000;
  return Date.parse(`${start}Z`) - offset;
}

function timesBetween(first: number, last: number): number[] {
  const from = Math.ceil(first / STEP_MS) * STEP_MS;
  return Array.from({ length: Math.max(0, (last - from) / STEP_MS + 1) }, (_, index) => from + index * STEP_MS);
}
