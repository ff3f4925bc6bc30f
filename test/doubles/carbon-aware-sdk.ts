import { bentTime, type GridService, json, type Service, startGridService, stepOf } from './grid-service.ts';

/** What the data source of the service calls the place. */
const SOURCE_REGION = 'CAISO_NORTH';

const service: Service = {
  placeOf: (url) => url.searchParams.get('location') ?? undefined,
  answer({ url, now, values, bend }) {
    const location = url.searchParams.get('location') ?? '';
    const value = values.get(location);
    if (value === undefined) return problem(400, `Unknown location: ${location}`);
    const how = bend(location);
    const rating = how === 'null-value' ? null : value;
    const at = (time: number) => new Date(bentTime(time, how)).toISOString().replace('Z', '+00:00');
    // With WattTime behind it the service answers with the region of its source, never with the name that was sent.
    const row = (time: number) => ({ location: SOURCE_REGION, time: at(time), duration: '00:05:00', rating });
    if (url.pathname === '/emissions/bylocations/best') return json([row(stepOf(now, 5))]);
    if (url.pathname === '/emissions/bylocation') {
      const [from, to] = ['time', 'toTime'].map((name) => Date.parse(url.searchParams.get(name) ?? ''));
      if (!(Number(from) <= Number(to))) return problem(400, 'One or more validation errors occurred.');
      const steps = Math.floor((Number(to) - stepOf(Number(from), 5)) / 300_000) + 1;
      return json(Array.from({ length: steps }, (_, index) => row(stepOf(Number(from), 5) + index * 300_000)));
    }
    if (url.pathname !== '/emissions/forecasts/current') return problem(404, 'Not Found');
    const forecastData = Array.from({ length: 24 * 12 }, (_, index) => ({
      location: SOURCE_REGION,
      timestamp: at(stepOf(now, 5) + index * 300_000),
      duration: 5,
      value: rating,
    }));
    return json([
      {
        requestedAt: at(now),
        generatedAt: at(now),
        location: SOURCE_REGION,
        windowSize: 5,
        optimalDataPoints: forecastData.slice(0, 1),
        forecastData,
      },
    ]);
  },
  faults: {
    'bad-request': () => problem(400, 'One or more validation errors occurred.'),
    'error-500': () => problem(500, 'An error occurred while processing your request.'),
    'not-found': () => problem(404, 'Not Found'),
    'error-in-200': () => json({ error: 'something went wrong' }),
  },
};

/** Starts the double of a Carbon Aware SDK WebAPI. Values by location. */
export function startCarbonAwareSdk(values: Record<string, number> = {}): Promise<GridService> {
  return startGridService(service, values);
}

function problem(status: number, title: string) {
  return json({ type: `https://httpstatuses.io/${status}`, title, status }, status);
}
