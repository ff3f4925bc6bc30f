import { bentTime, type GridService, json, type Service, startGridService, stepOf } from './grid-service.ts';

const STEP_MINUTES = 15;

const energyChartsService: Service = {
  placeOf: (url) => url.searchParams.get('country') ?? undefined,
  answer({ url, now, values, valueAt, bend }) {
    const country = url.searchParams.get('country') ?? '';
    const value = values.get(country);
    if (url.pathname !== '/co2eq' || value === undefined) return json({ detail: 'Country not found' }, 404);
    const how = bend(country);
    const today = Math.floor(now / 86_400_000) * 86_400_000;
    const times = Array.from({ length: 96 }, (_, index) => today + index * STEP_MINUTES * 60_000);
    const known = (time: number) => time <= stepOf(now, STEP_MINUTES) - STEP_MINUTES * 60_000 || how === 'future';
    return json({
      unix_seconds: times.map((time) => bentTime(time, how) / 1000),
      co2eq: times.map((time) => (known(time) && how !== 'null-value' ? (valueAt(country, time) ?? null) : null)),
      co2eq_forecast: times.map((time) =>
        known(time) || how === 'null-value' ? null : (valueAt(country, time) ?? value) + 6,
      ),
      deprecated: false,
    });
  },
};

/** Starts the double of Energy-Charts. Values by lower-case country; yesterday is not told. */
export function startEnergyCharts(values: Record<string, number> = {}): Promise<GridService> {
  return startGridService(energyChartsService, values);
}
