import { z } from 'zod';
import { zoneProblem } from '../grid/known-zones.ts';
import { parseZone, type Zone } from '../grid/zones.ts';
import { list } from './config.ts';

/** Prices of electricity, and the name that this cluster has in reports. */
export const priceSettings = {
  PRICE_PER_KWH: list()
    .transform((items, context) => zoneNumbers(items, (message) => context.addIssue({ code: 'custom', message })))
    .default(new Map())
    .describe('Prices of electricity by zone, in PRICE_CURRENCY: DE=0.31,FR=0.25; reports then have costs'),
  PRICE_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'is not a currency code of three letters such as EUR')
    .optional()
    .describe('Currency of PRICE_PER_KWH (ISO 4217), for exports: EUR'),
  CLUSTER_NAME: z
    .string()
    .max(253)
    .default('cluster-one')
    .describe('Name of this cluster in GET /allocation and exports'),
};

/** Non-negative numbers by zone, from items such as `DE=0.31`. */
function zoneNumbers(items: readonly string[], refuse: (message: string) => void): ReadonlyMap<Zone, number> {
  const numbers = new Map<Zone, number>();
  for (const item of items) {
    const [code = '', value = ''] = item.split('=').map((part) => part.trim());
    const parsed = parseZone(code);
    if (!/^\d+(\.\d+)?$/.test(value)) refuse(`contains "${item}", which is not ZONE=price, such as DE=0.31`);
    else if (parsed.kind === 'malformed') refuse(`contains "${code}", which ${zoneProblem(code)}`);
    else numbers.set(parsed.zone, Number(value));
  }
  return numbers;
}
