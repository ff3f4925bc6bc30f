import { z } from 'zod';
import type { HourPrice } from '../shared/emissions/country-intensity.ts';
import { QUALITIES } from '../shared/grid/intensity.ts';
import { gramsPerKwh, isoTime, JOULES_PER_KWH, joules } from '../shared/grid/units.ts';
import type { HourlyEnergy, TimeRange } from '../shared/records/power.ts';
import type { ApiClient } from './api-client.ts';

const quantity = z.number().nullable();
const rows = z.array(
  z.object({
    start: z.iso.datetime().transform((text) => Date.parse(text)),
    ...{ node: z.string(), namespace: z.string(), pod: z.string(), container: z.string() },
    ...{ kwh: z.number(), gpu_kwh: quantity, measured_minutes: z.number() },
    ...{ intensity_g_per_kwh: quantity, unpriced_kwh: quantity, quality: z.enum(QUALITIES).nullable() },
    providers: z.string().nullable(),
  }),
);

/** Energy of a container in an hour, with its price; undefined where the intensity of the hour is not known. */
export type PricedHour = HourlyEnergy & { readonly price: HourPrice | undefined };

/** Energy of a namespace's containers by hour over whole hours, from a running API; that of their GPUs apart. */
export async function hourlyFromApi(api: ApiClient, namespace: string, range: TimeRange): Promise<PricedHour[]> {
  const query = new URLSearchParams({
    ...{ by: 'hour', format: 'json', namespace },
    window: `${isoTime(range.from)},${isoTime(range.to)}`,
  });
  return (await api.get(`/api/export?${query}`, rows)).flatMap(hoursOf);
}

function hoursOf(row: z.output<typeof rows>[number]): PricedHour[] {
  const { node, namespace, pod, container, start, kwh, gpu_kwh: gpu, measured_minutes: minutes } = row;
  const of = (share: number, device?: 'gpu'): PricedHour => ({
    container: { node, namespace, pod, container, ...(device && { device }) },
    hour: start,
    joules: joules(share * JOULES_PER_KWH),
    coveredMs: minutes * 60_000,
    price: priceOf(row),
  });
  return gpu === null ? [of(kwh)] : [of(kwh - gpu), of(gpu, 'gpu')];
}

function priceOf(row: z.output<typeof rows>[number]): HourPrice | undefined {
  const { intensity_g_per_kwh: intensity, unpriced_kwh: unpriced, quality, providers } = row;
  if (intensity === null || quality === null || unpriced !== 0) return undefined;
  return { carbonIntensity: gramsPerKwh(intensity), quality, providers: providers?.split(' ') ?? [] };
}
