import type { z } from 'zod';
import type { FacilitySettings } from '../power-model/facility.ts';
import { list, positive } from './config.ts';

/** Numbers by name, from items such as `DE=1.3`; an item without a name is for everything else. */
function namedNumbers(least: number, most: number) {
  return list()
    .transform((items, context) => {
      const numbers = new Map<string, number>();
      for (const item of items) {
        const at = item.lastIndexOf('=');
        const [name, text] = [item.slice(0, Math.max(0, at)).trim(), item.slice(at + 1).trim()];
        const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
        if (value >= least && value <= most && (at < 0 || name !== '')) numbers.set(name, value);
        else
          context.addIssue({
            code: 'custom',
            message: `"${item}" is not a number from ${least} to ${most}, or name=number`,
          });
      }
      return numbers as ReadonlyMap<string, number>;
    })
    .default(new Map());
}

/** What is known of buildings and of the making of machines, beside the tables of the clouds. */
export const facilitySettings = {
  PUE: namedNumbers(1, 5).describe(
    'Power usage effectiveness, for facility_kwh: one number, or by node, zone or cloud region: 1.4,DE=1.3,aws/eu-west-1=1.11; default: what the cloud publishes for the region of the node',
  ),
  EMBODIED_KG: namedNumbers(0, 1_000_000).describe(
    'Embodied emissions of a machine in kgCO2e, for embodied_grams: one number, or by node or machine type: 1200,node-a=900,aws:m5.large=34; default: a table of cloud machine types',
  ),
  SERVER_LIFETIME_YEARS: positive(50)
    .default(4)
    .describe('Years over which the embodied emissions of a machine are spread'),
};

/** The settings as the calculation has them. */
export function facilitySettingsOf({
  PUE,
  EMBODIED_KG,
  SERVER_LIFETIME_YEARS,
}: z.output<z.ZodObject<typeof facilitySettings>>): FacilitySettings {
  return { pue: PUE, embodiedKg: EMBODIED_KG, lifetimeYears: SERVER_LIFETIME_YEARS };
}
