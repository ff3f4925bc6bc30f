import { bentTime, type GridService, json, type Service, startGridService, stepOf } from './grid-service.ts';

const STEP_MINUTES = 5;
const FORECAST_STEPS = 12 * 12;

/** Starts the double of Energinet. Values by price area (`DK1`, `DK2`); one request per data set and minute, as the real one. */
export function startEnerginet(values: Record<string, number> = {}): Promise<GridService> {
  const servedAt = new Map<string, number>();
  const service: Service = {
    placeOf: () => undefined,
    answer({ url, now, values: known, bend }) {
      const dataset = url.pathname.replace('/dataset/', '');
      if (!['CO2Emis', 'CO2EmisProg'].includes(dataset)) return json({ error: 'No such dataset' }, 404);
      const last = servedAt.get(dataset);
      if (last !== undefined && now - last < 60_000) return json({ message: 'Too many requests' }, 429);
      servedAt.set(dataset, now);
      const areas = (JSON.parse(url.searchParams.get('filter') ?? '{}').PriceArea ?? []) as string[];
      const limit = Number(url.searchParams.get('limit') ?? 100);
      const newest = stepOf(now, STEP_MINUTES) + (dataset === 'CO2Emis' ? 0 : FORECAST_STEPS * STEP_MINUTES * 60_000);
      const records = [];
      for (let step = 0; records.length < limit; step++) {
        for (const area of areas) {
          const how = bend(area);
          const text = new Date(bentTime(newest - step * STEP_MINUTES * 60_000, how)).toISOString().slice(0, 19);
          const PriceArea = how === 'wrong-zone' ? 'SE3' : area;
          const CO2Emission = how === 'null-value' ? null : (known.get(area) ?? null);
          records.push({ Minutes5UTC: text, Minutes5DK: text, PriceArea, CO2Emission });
        }
        if (areas.length === 0) break;
      }
      return json({ total: records.length, limit, dataset, records: records.slice(0, limit) });
    },
  };
  return startGridService(service, values);
}
