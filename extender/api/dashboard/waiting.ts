import { z } from 'zod';
import { isoTime } from '../../../shared/grid/units.ts';
import { DEFERRAL_MODES } from '../../deferral/settings.ts';
import { MOST_LISTED, type WaitingEntry, type WaitingList } from '../../deferral/waiting-list.ts';
import type { Operation } from '../openapi/operation.ts';
import type { ApiDependencies, Route } from '../route.ts';

const entry = z.strictObject({
  kind: z.enum(['Pod', 'Job', 'Workload']),
  namespace: z.string(),
  name: z.string(),
  arrived: z.iso.datetime(),
  planned_start: z.iso.datetime().nullable().describe('null: not planned yet'),
  deadline: z.iso.datetime().describe('Starts by then at the latest'),
  zone: z.string().nullable().describe('Where the start is planned; null: not planned yet'),
  paused_since: z.iso.datetime().nullable().describe('null: it has not started yet'),
  pieces: z
    .array(
      z.strictObject({
        start: z.iso.datetime(),
        end: z.iso.datetime(),
        ran: z.boolean().describe('false: planned, as of the forecast'),
      }),
    )
    .describe('When it ran, as far as that is known, and when it is planned to run, oldest first'),
  over_budget: z.boolean().describe('Its namespace has used up its carbon budget, so that it may wait longer'),
  expected_saving_percent: z
    .number()
    .nullable()
    .describe('Of the grams of running at once; null: not planned yet, or its saving cannot be read'),
});

/** Response of `GET /api/waiting`. */
export const waitingResponse = z.strictObject({
  deferral: z.enum(DEFERRAL_MODES).describe('off: the controller does not run here'),
  total: z
    .int()
    .nonnegative()
    .nullable()
    .describe('Number of waiting pods and Jobs; null: the cluster has not been listed yet'),
  waiting: z.array(entry).describe(`Nearest deadline first, ${MOST_LISTED} at most`),
});

/** The response where no deferral controller runs. */
const NOT_DEFERRED: WaitingList = { deferral: 'off', total: 0, entries: [] };

/** `GET /api/waiting`, as the API's description shows it. */
export const waitingOperation: Operation = {
  method: 'GET',
  path: '/api/waiting',
  tag: 'scheduling',
  summary: 'Pods and Jobs that wait for a cleaner hour, with planned start, deadline and expected saving',
  response: { description: 'Waiting work at the end of the last reconciliation', schema: waitingResponse },
};

/** `GET /api/waiting`: pods behind the gate and suspended Jobs, with their plans, as of the last reconciliation. */
export function waitingRoute({ waiting }: ApiDependencies): Route {
  return {
    operation: waitingOperation,
    async handle(_request, response) {
      const { deferral, total, entries } = waiting?.() ?? NOT_DEFERRED;
      response.json({ deferral, total, waiting: entries.map(entryJson) });
    },
  };
}

function entryJson(one: WaitingEntry): z.output<typeof entry> {
  return {
    kind: one.kind,
    namespace: one.namespace,
    name: one.name,
    arrived: isoTime(one.arrivedAt),
    planned_start: one.plannedStart === null ? null : isoTime(one.plannedStart),
    deadline: isoTime(one.deadline),
    zone: one.zone ?? null,
    paused_since: one.pausedAt === undefined ? null : isoTime(one.pausedAt),
    pieces: (one.pieces ?? []).map(({ start, end, ran }) => ({ start: isoTime(start), end: isoTime(end), ran })),
    over_budget: one.isExtended ?? false,
    expected_saving_percent: one.expectedSavingPercent,
  };
}
