import { z } from 'zod';
import {
  ACTIVITY_FORMATS,
  ACTIVITY_TYPES,
  COLUMN_SETS,
  exportedActivity,
  isOfWholeHours,
} from '../../shared/export/export.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import { parseWindow } from '../../shared/records/time-window.ts';
import type { Operation } from './openapi/operation.ts';
import { checked, type RequestIssue } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { streamText } from './stream.ts';
import { windowIssues, windowText } from './window.ts';

const query = z.strictObject({
  window: windowText(366).default('7d'),
  by: z.enum(['hour', 'day'], { error: 'is neither hour nor day' }).default('day'),
  format: z
    .enum(ACTIVITY_FORMATS, { error: `is not one of ${ACTIVITY_FORMATS.join(', ')}` })
    .default('focus')
    .describe('focus is CSV with the columns of FOCUS 1.2'),
  columns: z
    .enum(COLUMN_SETS, { error: `is not one of ${COLUMN_SETS.join(', ')}` })
    .optional()
    .describe('Absent: focus for the formats focus and parquet, plain for csv and json'),
  namespace: z.string().min(1).max(253).optional().describe('Only this namespace'),
});

/** `GET /api/export`, as the API's description shows it. */
export const activityExportOperation: Operation = {
  method: 'GET',
  path: '/api/export',
  isExport: true,
  tag: 'emissions',
  summary: 'Energy, emissions and costs of every container by hour or day, as FOCUS rows, CSV, Parquet or JSON',
  description: 'Streamed one day at a time. The columns are listed in docs/reports.md; what is not known is empty.',
  query,
  response: {
    description: 'One row for each container and hour or day',
    schema: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
    types: ['application/json', 'text/csv', 'application/vnd.apache.parquet'],
  },
};

/** `GET /api/export`: what `carbon export` writes, no faster than the client reads. */
export function activityExportRoute(deps: ApiDependencies): Route {
  return {
    operation: activityExportOperation,
    async handle(request, response) {
      const now = deps.clock.now();
      const { window, ...rest } = checked(query, request.query, (input) => issuesOf(input, now));
      const range = parseWindow(window, now) as TimeRange;
      const { store, zoneOfNode, prices, contracts, currency = null, cluster = 'cluster-one' } = deps;
      const end = rest.format === 'focus' ? 'csv' : rest.format;
      response.setHeader('Content-Disposition', `attachment; filename="activity.${end}"`);
      const facility = await deps.facility?.();
      const pieces = exportedActivity(
        { store, zoneOfNode, prices, contracts, facility },
        { cluster, currency },
        { ...rest, range },
      );
      await streamText(response, ACTIVITY_TYPES[rest.format], pieces);
    },
  };
}

function issuesOf(input: Readonly<Record<string, unknown>>, now: number): RequestIssue[] {
  const text = input.window ?? '7d';
  const range = parseWindow(String(text), now);
  if (range !== undefined && !isOfWholeHours(range))
    return [{ pointer: '/window', detail: 'does not begin and end at full hours', isConflict: true }];
  return windowIssues(text, now, 366);
}
