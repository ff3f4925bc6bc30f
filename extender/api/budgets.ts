import { burnDowns } from '../../shared/calculator/recorded/burn-downs.ts';
import { budgetsResponse } from './openapi/calculator-responses.ts';
import type { Operation } from './openapi/operation.ts';
import type { ApiDependencies, Route } from './route.ts';

/** `GET /api/budgets`, as the API's description shows it. */
export const budgetsOperation: Operation = {
  method: 'GET',
  path: '/api/budgets',
  tag: 'calculator',
  summary: 'Carbon budgets and their use',
  response: { description: 'Every budget in its current period', schema: budgetsResponse },
};

/** `GET /api/budgets`: every carbon budget with its burn-down; null where nothing is known of what was used. */
export function budgetsRoute({ workloads, store, zoneOfNode, clock }: ApiDependencies): Route {
  return {
    operation: budgetsOperation,
    async handle(_request, response) {
      const standings = await burnDowns({ books: workloads, history: store, zoneOfNode }, clock.now());
      response.json({ budgets: standings.map(({ standing }) => standing) });
    },
  };
}
