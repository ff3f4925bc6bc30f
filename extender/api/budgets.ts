import { burnDowns } from '../../shared/calculator/burn-downs.ts';
import { budgetsAnswer } from './openapi/calculator-answers.ts';
import type { ApiDependencies, Route } from './route.ts';

/** `GET /api/budgets`: every carbon budget with its burn-down; null where nothing is known of what was used. */
export function budgetsRoute({ workloads, store, zoneOfNode, clock }: ApiDependencies): Route {
  return {
    method: 'GET',
    path: '/api/budgets',
    operation: {
      tag: 'calculator',
      summary: 'Carbon budgets and how far they are used',
      answer: { description: 'Every budget in its present period', schema: budgetsAnswer },
    },
    async handle(_request, response) {
      const standings = await burnDowns({ books: workloads, history: store, zoneOfNode }, clock.now());
      response.json({ budgets: standings.map(({ standing }) => standing) });
    },
  };
}
