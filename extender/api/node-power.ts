import { z } from 'zod';
import { nodePowerRows } from '../../shared/emissions/node-power.ts';
import type { Operation } from './openapi/operation.ts';
import type { ApiDependencies, Route } from './route.ts';

const watts = z.number().nonnegative().nullable();
const share = z.number().min(0).max(1).nullable();

const nodePowerResponse = z.strictObject({
  nodes: z.array(
    z.strictObject({
      node: z.string(),
      quality: z.enum(['measured', 'modelled', 'simulated']).describe('The worst of its containers'),
      model: z.string().nullable().describe('The model behind modelled power'),
      calibration: z
        .strictObject({
          factor: z.number().describe('Measured energy over modelled energy'),
          source: z.enum(['meter', 'platform', 'kepler']),
          age_hours: z.int().nonnegative(),
          low: z.number().describe('Spread of the measured hours, as factors of the corrected energy'),
          high: z.number(),
        })
        .nullable()
        .describe('How measured nodes of the type correct the model; null: none do'),
      containers: z.int().nonnegative(),
      watts: watts.describe('Mean of the last two hours; null: not known'),
      watts_low: watts,
      watts_high: watts,
      idle_share: share,
      system_share: share,
      unmetered_share: share.describe('What a meter on the outlet counted beyond everything else'),
      last_measurement: z.iso.datetime(),
    }),
  ),
});

/** `GET /api/node-power`, as the API's description shows it. */
export const nodePowerOperation: Operation = {
  method: 'GET',
  path: '/api/node-power',
  tag: 'power',
  summary: 'Power of each node in the last two hours, and how it is known: measured or modelled, within which bounds',
  response: { description: 'Nodes by name', schema: nodePowerResponse },
};

/** `GET /api/node-power`: what is known of the power of each node. */
export function nodePowerRoute({ store, clock }: ApiDependencies): Route {
  return {
    operation: nodePowerOperation,
    async handle(_request, response) {
      response.json({ nodes: await nodePowerRows(store, clock.now()) });
    },
  };
}
