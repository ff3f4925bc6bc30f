import type { Request, Response } from 'express';
import { z } from 'zod';
import { CalculatorError } from '../../shared/calculator/error.ts';
import { parseTime } from '../../shared/calculator/period.ts';
import { recordWorkloads } from '../../shared/calculator/recorded/workloads.ts';
import { workloadInput, workloadJson } from '../../shared/calculator/workload.ts';
import { DATE_PATTERN, TIME_PATTERN } from '../../shared/grid/time-patterns.ts';
import { HOUR_MS } from '../../shared/grid/units.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import { savedResponse, workloadsResponse } from './openapi/calculator-responses.ts';
import type { Operation } from './openapi/operation.ts';
import { checked, type RequestIssue, RequestIssuesError } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

/** Most records of one request. */
const MOST_RECORDS = 5000;

/** Body of `POST /api/workloads` when it is a list, which is saved whole or not at all; else it is one record. */
const workloadList = z.array(workloadInput).min(1).max(MOST_RECORDS);

/** Query of `GET /api/workloads`. */
const workloadsQuery = z.strictObject({
  service: z.string().max(253).optional(),
  region: z.string().max(100).optional(),
  start_time: z
    .string()
    .max(40)
    .optional()
    .meta({ pattern: `^(${TIME_PATTERN}|${DATE_PATTERN})$` }),
  end_time: z
    .string()
    .max(40)
    .optional()
    .meta({ pattern: `^(${TIME_PATTERN}|${DATE_PATTERN})$` }),
});

/** `POST /api/workloads`, as the API's description shows it. */
export const saveWorkloadsOperation: Operation = {
  method: 'POST',
  path: '/api/workloads',
  tag: 'calculator',
  summary: 'Calculates and saves what services emitted',
  description:
    'One record, or a list that is saved whole or not at all. A record of the same service, region and period is replaced.',
  body: z.union([workloadInput, workloadList]),
  response: { status: 201, description: 'Saved; some of it is new', schema: savedResponse },
  further: { 200: { description: 'Saved; all records existed before', schema: savedResponse } },
  errors: {
    409: 'Records that conflict with each other or with known data, such as an unknown service; nothing was saved',
    422: 'Records with invalid numbers or times; nothing was saved',
  },
};

/** `POST /api/workloads`: calculates and saves what services emitted; the same service, region and period is replaced. */
export function saveWorkloadsRoute(deps: ApiDependencies): Route {
  return {
    operation: saveWorkloadsOperation,
    handle: (request, response) => save(deps, request, response),
  };
}

/** `GET /api/workloads`, as the API's description shows it. */
export const workloadsOperation: Operation = {
  method: 'GET',
  path: '/api/workloads',
  tag: 'calculator',
  summary: 'Saved records of what services emitted',
  description: 'Records whose period overlaps the range; the last 30 days unless one is given.',
  query: workloadsQuery,
  response: { description: 'Records by start, service and region', schema: workloadsResponse },
};

/** `GET /api/workloads`: saved records that overlap a range; the last 30 days unless one is given. */
export function workloadsRoute({ workloads, clock }: ApiDependencies): Route {
  return {
    operation: workloadsOperation,
    async handle(request, response) {
      const { service, region, ...times } = checked(workloadsQuery, request.query, (input) =>
        rangeIssues(input, clock.now()),
      );
      const records = await workloads.workloads({ service, region }, rangeOf(times, clock.now()));
      response.json({ workloads: records.map(workloadJson) });
    },
  };
}

async function save(
  { store, workloads, profiles }: ApiDependencies,
  request: Request,
  response: Response,
): Promise<void> {
  // A union names the issues of none of its members, so the schema is chosen by the kind of body.
  const inputs = Array.isArray(request.body)
    ? checked(workloadList, request.body)
    : [checked(workloadInput, request.body)];
  const recorded = await recordWorkloads(inputs, profiles, store, { onProgress: pauseNowAndThen });
  if (recorded.kind === 'invalid') {
    const issues = recorded.issues.map(({ index, message, isConflict }) => ({
      pointer: Array.isArray(request.body) ? `/${index}` : '',
      detail: message,
      ...(isConflict && { isConflict }),
    }));
    throw new RequestIssuesError(issues, 'WORKLOADS_INVALID');
  }
  const { created, updated } = await workloads.saveWorkloads(recorded.records);
  response.status(created > 0 ? 201 : 200).json({ created, updated, workloads: recorded.records.map(workloadJson) });
}

/** Other requests are served in between: thousands of records take seconds. */
function pauseNowAndThen(done: number): Promise<void> | undefined {
  return done % 20 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
}

function rangeOf({ start_time, end_time }: { start_time?: unknown; end_time?: unknown }, now: number): TimeRange {
  const to = end_time === undefined ? now : parseTime(String(end_time));
  return { from: start_time === undefined ? to - 30 * 24 * HOUR_MS : parseTime(String(start_time)), to };
}

function rangeIssues(input: Readonly<Record<string, unknown>>, now: number): RequestIssue[] {
  const issues = ['start_time', 'end_time'].flatMap((name) => timeIssues(name, input[name]));
  if (issues.length > 0) return issues;
  const { from, to } = rangeOf(input, now);
  return from < to ? [] : [{ pointer: '/end_time', detail: 'is not after start_time', isConflict: true }];
}

function timeIssues(name: string, text: unknown): RequestIssue[] {
  try {
    if (text !== undefined) parseTime(String(text));
    return [];
  } catch (error) {
    if (!(error instanceof CalculatorError)) throw error;
    return [{ pointer: `/${name}`, detail: error.message }];
  }
}
