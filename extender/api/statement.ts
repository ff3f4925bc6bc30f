import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { instant } from '../../shared/grid/instant.ts';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { makeStatement, monthRange, statementRowsFrom } from '../../shared/statement/make.ts';
import { statementSchema } from '../../shared/statement/statement.ts';
import type { Operation } from './openapi/operation.ts';
import { checked, RequestIssuesError } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

const query = z.strictObject({
  month: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'is not a month such as 2026-11')
    .describe('Such as 2026-11 (UTC); a running month up to the last full hour'),
  namespace: z.string().min(1).max(253).optional().describe('Only this namespace'),
  to: instant.optional().describe('Ends the statement at a full hour of the month'),
});

/** `GET /api/statement`, as the API's description shows it. */
export const statementOperation: Operation = {
  method: 'GET',
  path: '/api/statement',
  isExport: true,
  tag: 'emissions',
  summary: 'A month’s emissions, sealed by the hashes of their rows',
  description: 'What `carbon statement` prints and `carbon statement verify` computes again.',
  query,
  response: { description: 'The statement', schema: statementSchema },
};

/** `GET /api/statement`: a sealed statement of a month. */
export function statementRoute(deps: ApiDependencies): Route {
  return {
    operation: statementOperation,
    async handle(request, response) {
      const now = deps.clock.now();
      const { month, namespace, to } = checked(query, request.query);
      const range = rangeOf(month, to, now);
      const asked = { month, range, namespace };
      const { store, zoneOfNode, contracts, decisions, cluster = 'cluster-one' } = deps;
      const facility = await deps.facility?.();
      const rows = statementRowsFrom({ store, zoneOfNode, contracts, decisions, facility }, asked);
      response.json(await makeStatement(rows, asked, { cluster, version: packageJson.version, now }, contracts));
    },
  };
}

function rangeOf(month: string, to: number | undefined, now: number) {
  const range = monthRange(month, now);
  if (range === undefined)
    throw new RequestIssuesError([{ pointer: '/month', detail: 'has not begun', isConflict: true }]);
  const end = to ?? range.to;
  if (end > range.from && end <= range.to && end % HOUR_MS === 0) return { from: range.from, to: end };
  const detail = 'is not a full hour of the month that has passed';
  throw new RequestIssuesError([{ pointer: '/to', detail, isConflict: true }]);
}
