import { createHash } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { type ParsedMeterReading, parseMeterReading, readingInput } from '../../shared/records/meter-reading.ts';
import { extenderError } from '../errors.ts';
import type { IntakeMetrics } from '../readings/intake-metrics.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import type { Operation } from './openapi/operation.ts';
import { acceptedResponse, noneAccepted, partialResponse } from './openapi/readings-responses.ts';
import { type RequestIssue, RequestIssuesError, sendProblem, shownIssues } from './problem.ts';
import { itemsOf } from './readings-body.ts';
import { deliver, type Outcome } from './readings-delivery.ts';
import type { ApiDependencies, Route } from './route.ts';

const SUCCESS = { status: 'success', message: 'Reading successfully ingested' } as const;
const KEY = /^[\x21-\x7e]{1,255}$/;
const NDJSON = 'application/x-ndjson';
const PROBLEM_TYPES = ['application/problem+json'];

/** `POST /readings`, as the API's description shows it. */
export const readingsOperation: Operation = {
  method: 'POST',
  path: '/readings',
  tag: 'readings',
  summary: 'Accepts meter readings',
  description:
    'One reading, or a batch as JSON array or as NDJSON, with an outcome for each. The same site, device and time, or the same Idempotency-Key, is counted once.',
  headers: z.object({
    'Idempotency-Key': z
      .string()
      .regex(KEY)
      .optional()
      .describe('A repeated request with the same key gets the first response'),
  }),
  body: z.union([readingInput, z.array(readingInput).min(1)]),
  bodyTypes: ['application/json', NDJSON],
  response: { status: 201, description: 'All readings are accepted and durable', schema: acceptedResponse },
  further: {
    207: { description: 'Some readings of the batch are accepted', schema: partialResponse },
    400: { description: 'No reading is valid; errors lists every issue', schema: noneAccepted, types: PROBLEM_TYPES },
    409: {
      description: 'The Idempotency-Key was used before with another body, or every reading is in the future',
      schema: noneAccepted,
      types: PROBLEM_TYPES,
    },
    503: {
      description: 'No reading could be accepted now; see Retry-After',
      schema: noneAccepted,
      types: PROBLEM_TYPES,
    },
  },
};

/** `POST /readings`: one reading (201), or a batch as JSON array or NDJSON with one outcome per item. */
export function readingsRoute(deps: ApiDependencies, readings: ReadingsApi, metrics: IntakeMetrics): Route {
  return {
    operation: readingsOperation,
    readBody: bodyReaders(readings.config.READINGS_MAX_BODY_MB),
    handle: (request, response) => accept(deps, readings, metrics, request, response),
  };
}

async function accept(
  { clock }: ApiDependencies,
  { intake, config }: ReadingsApi,
  metrics: IntakeMetrics,
  request: Request,
  response: Response,
): Promise<void> {
  const { single, items } = itemsOf(request.body, request.is(NDJSON) !== false);
  if (items.length > config.READINGS_MAX_BATCH)
    throw extenderError('BATCH_TOO_LARGE', { count: items.length, limit: config.READINGS_MAX_BATCH });
  const now = clock.now();
  const limits = {
    maxAheadMs: config.READINGS_MAX_AHEAD_SECONDS * 1000,
    maxAgeMs: (config.READINGS_MAX_AGE_HOURS ?? Infinity) * HOUR_MS,
  };
  const checked = items.map((item) => (item.kind === 'refused' ? item : parseMeterReading(item.value, now, limits)));
  const key = keyOf(request, () => issuesOfItems(single, checked));
  const once =
    key === undefined
      ? undefined
      : {
          key: digest(key),
          fingerprint: digest(typeof request.body === 'string' ? request.body : JSON.stringify(request.body)),
          now,
          expires: now + config.IDEMPOTENCY_HOURS * HOUR_MS,
        };
  const outcomes = await deliver(intake, checked, once);
  for (const { kind } of outcomes) metrics.readings.inc({ outcome: kind });
  if (single) sendSingle(response, outcomes[0] as Outcome);
  else sendBatch(response, outcomes);
}

function sendSingle(response: Response, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'accepted':
      response.status(201).json({ status: SUCCESS.status, stream_id: outcome.streamId, message: SUCCESS.message });
      return;
    case 'refused':
      throw new RequestIssuesError(outcome.issues, 'READINGS_INVALID');
    case 'unavailable':
      response.setHeader('Retry-After', outcome.error.retryAfterSeconds);
      throw outcome.error;
    default:
      outcome satisfies never;
  }
}

function sendBatch(response: Response, outcomes: readonly Outcome[]): void {
  const items = outcomes.map(itemJson);
  const accepted = items.filter(({ status }) => status === 201).length;
  const failure = outcomes.find((outcome) => outcome.kind === 'unavailable')?.error;
  if (failure !== undefined) response.setHeader('Retry-After', failure.retryAfterSeconds);
  const whole = accepted === items.length ? 'success' : accepted > 0 ? 'partial' : 'failed';
  const members = { accepted, failed: items.length - accepted, items };
  if (whole === 'failed')
    return sendProblem(
      response,
      failure ?? new RequestIssuesError(issuesOfBatch(outcomes), 'READINGS_INVALID'),
      members,
    );
  response.status(whole === 'success' ? 201 : 207).json({ status: whole, ...members });
}

function issuesOfBatch(outcomes: readonly (Outcome | ParsedMeterReading)[]): RequestIssue[] {
  return outcomes.flatMap((outcome, index) =>
    outcome.kind === 'refused'
      ? outcome.issues.map((issue) => ({ ...issue, pointer: `/${index}${issue.pointer}` }))
      : [],
  );
}

function itemJson(outcome: Outcome, index: number) {
  switch (outcome.kind) {
    case 'accepted':
      return { index, status: 201, stream_id: outcome.streamId };
    case 'refused':
      return { index, status: isConflict(outcome) ? 409 : 400, errors: shownIssues(outcome.issues) };
    case 'unavailable':
      return { index, status: 503, detail: outcome.error.message };
    default:
      return outcome satisfies never;
  }
}

function isConflict({ issues }: { readonly issues: readonly RequestIssue[] }): boolean {
  return issues.every((issue) => issue.isConflict);
}

/** The key of the request; an invalid one is refused together with all other issues. */
function keyOf(request: Request, others: () => readonly RequestIssue[]): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new RequestIssuesError([
    { pointer: '/Idempotency-Key', detail: 'is not 1 to 255 visible ASCII characters' },
    ...others(),
  ]);
}

function issuesOfItems(single: boolean, items: readonly ParsedMeterReading[]): readonly RequestIssue[] {
  const [only] = items;
  if (!single) return issuesOfBatch(items);
  return only?.kind === 'refused' ? only.issues : [];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function bodyReaders(megabytes: number): RequestHandler[] {
  const limit = megabytes * 1_048_576;
  const known: RequestHandler = (request, _response, next) => {
    if (request.headers['content-type'] && request.is(['application/json', NDJSON])) return next();
    throw extenderError('MEDIA_TYPE_UNSUPPORTED', { types: 'application/json or application/x-ndjson' });
  };
  return [known, express.json({ limit, strict: false }), express.text({ limit, type: NDJSON })];
}
