import { z } from 'zod';
import { QUALITIES } from '../../../shared/grid/intensity.ts';
import { isoTime } from '../../../shared/grid/units.ts';
import type { Decision } from '../../../shared/records/placements.ts';
import type { TimeRange } from '../../../shared/records/power.ts';
import { parseWindow } from '../../../shared/records/time-window.ts';
import { extenderError } from '../../errors.ts';
import { wholeNumber } from '../numbers.ts';
import type { Operation } from '../openapi/operation.ts';
import { checked } from '../problem.ts';
import type { ApiDependencies, Route } from '../route.ts';
import { windowIssues, windowText } from '../window.ts';

const query = z.strictObject({
  window: windowText(31).default('60m'),
  limit: wholeNumber(0, 1_000).default(100).describe('Maximum number of decisions listed; all are counted'),
});

const intensity = z.number().nullable();
const decision = z.strictObject({
  uid: z.string(),
  namespace: z.string(),
  pod: z.string(),
  owner: z.string().nullable().describe('Kind and name of the controller'),
  node: z.string(),
  zone: z.string().nullable(),
  intensity_g_per_kwh: intensity,
  candidates_mean_g_per_kwh: intensity.describe('Mean over the nodes that the pod could have gone to'),
  candidates: z.int().nonnegative(),
  quality: z.enum(QUALITIES).nullable(),
  mode: z.enum(['enforce', 'advise', 'off']),
  arrived_at: z.iso
    .datetime()
    .nullable()
    .describe('Arrival of the pod or its Job; null: it did not wait, or is not known'),
  released_at: z.iso.datetime().nullable().describe('Removal of its scheduling gate; null: it had none'),
  bound_at: z.iso.datetime(),
});

/** Response of `GET /api/decisions`. */
export const decisionsResponse = z.strictObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  count: z.int().nonnegative(),
  by_zone: z.record(z.string(), z.int().positive()).describe('Pods placed by zone; "unknown" where it is not known'),
  by_mode: z.record(z.string(), z.int().positive()),
  decisions: z.array(decision).describe('Newest first'),
});

/** `GET /api/decisions`, as the API's description shows it. */
export const decisionsOperation: Operation = {
  method: 'GET',
  path: '/api/decisions',
  tag: 'scheduling',
  summary: 'Where pods were placed, newest first, with counts by zone and mode',
  query,
  response: { description: 'Placements of the window', schema: decisionsResponse },
  errors: { 503: 'This process records no decisions' },
};

/** `GET /api/decisions`: where pods were placed, and what the alternatives were. */
export function decisionsRoute(deps: ApiDependencies): Route {
  return {
    operation: decisionsOperation,
    async handle(request, response) {
      const now = deps.clock.now();
      const { window, limit } = checked(query, request.query, (input) => windowIssues(input.window ?? '60m', now, 31));
      const range = parseWindow(window, now) as TimeRange;
      if (deps.decisions === undefined) throw extenderError('DECISIONS_NOT_RECORDED', {});
      // A window of minutes ends now, and a pod bound in this very millisecond is of it.
      const { newest, ...counts } = await counted(deps.decisions.decisions({ ...range, to: range.to + 1 }), limit);
      response.json({
        from: isoTime(range.from),
        to: isoTime(range.to),
        ...counts,
        decisions: newest.reverse().map(decisionJson),
      });
    },
  };
}

async function counted(all: AsyncIterable<Decision>, limit: number) {
  const byZone: Record<string, number> = {};
  const byMode: Record<string, number> = {};
  const newest: Decision[] = [];
  let count = 0;
  for await (const one of all) {
    count += 1;
    byZone[one.zone ?? 'unknown'] = (byZone[one.zone ?? 'unknown'] ?? 0) + 1;
    byMode[one.mode] = (byMode[one.mode] ?? 0) + 1;
    newest.push(one);
    // Shifting one by one would move the whole list for each decision.
    if (newest.length > 2 * limit + 1_000) newest.splice(0, newest.length - limit);
  }
  return { count, by_zone: byZone, by_mode: byMode, newest: limit === 0 ? [] : newest.slice(-limit) };
}

function decisionJson(one: Decision): z.output<typeof decision> {
  return {
    uid: one.uid,
    namespace: one.namespace,
    pod: one.pod,
    owner: one.ownerKind === null ? null : `${one.ownerKind}/${one.ownerName ?? ''}`,
    node: one.node,
    zone: one.zone,
    intensity_g_per_kwh: one.intensity,
    candidates_mean_g_per_kwh: one.candidatesMean,
    candidates: one.candidates,
    quality: one.quality,
    mode: one.mode,
    arrived_at: one.arrivedAt === null ? null : isoTime(one.arrivedAt),
    released_at: one.releasedAt === null ? null : isoTime(one.releasedAt),
    bound_at: isoTime(one.boundAt),
  };
}
