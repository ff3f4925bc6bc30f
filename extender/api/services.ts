import { z } from 'zod';
import type { Operation } from './openapi/operation.ts';
import type { ApiDependencies, Route } from './route.ts';

const positive = z.number().positive();

/** Response of `GET /api/services`. */
const servicesResponse = z.strictObject({
  services: z.array(
    z.strictObject({
      service: z.string(),
      wh_per_request: z.number().nonnegative(),
      confidence: z.enum(['measured', 'estimated', 'given']),
      source: z.string(),
      pue: positive.optional().describe('Power usage effectiveness; absent: the energy of the machines alone'),
      embodied_g_per_request: z.number().optional(),
      embodied: z.strictObject({ total_kg: z.number(), lifetime_years: positive, share: z.number() }).optional(),
      measured: z
        .strictObject({ from: z.string(), to: z.string(), requests: z.number(), coverage: z.number() })
        .optional(),
    }),
  ),
});

/** `GET /api/services`, as the API's description shows it. */
export const servicesOperation: Operation = {
  method: 'GET',
  path: '/api/services',
  tag: 'calculator',
  summary: 'Energy profiles of services: watt-hours of one request, and how they are known',
  response: { description: 'Built-in profiles and those of SERVICES_FILE', schema: servicesResponse },
};

/** `GET /api/services`: the profiles that this API calculates with. */
export function servicesRoute({ profiles }: ApiDependencies): Route {
  return {
    operation: servicesOperation,
    async handle(_request, response) {
      response.json({ services: [...profiles.values()] });
    },
  };
}
