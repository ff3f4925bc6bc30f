import { bentTime, type GridService, json, type Service, startGridService, stepOf } from './grid-service.ts';

const service: Service = {
  placeOf: () => undefined,
  answer({ now, values, bend }) {
    const table = [...values].map(([zone, carbonIntensity]) => {
      const how = bend(zone);
      const datetime = new Date(bentTime(stepOf(now, 60), how)).toISOString();
      return [
        how === 'wrong-zone' ? 'ZZ' : zone,
        { carbonIntensity: how === 'null-value' ? null : carbonIntensity, datetime },
      ];
    });
    return json(Object.fromEntries(table));
  },
};

/** Starts a server with a user's own JSON document. Values by zone. */
export function startJsonSource(values: Record<string, number> = {}): Promise<GridService> {
  return startGridService(service, values);
}
