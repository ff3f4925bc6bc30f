import { z } from 'zod';
import { instant } from '../../shared/grid/instant.ts';
import { HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import { recordedJobs } from '../../shared/simulation/recorded-jobs.ts';
import { extenderError } from '../errors.ts';
import type { Operation } from './openapi/operation.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { timeOrderIssues } from './time-order.ts';

const query = z.strictObject({ start_time: instant.optional(), end_time: instant.optional() });
const hours = z.number().nonnegative();

const recordedJobsResponse = z.strictObject({
  decisions: z.int().nonnegative().describe('Placements of the range, with and without measured power'),
  zones: z.array(z.string()).describe('Zones of all candidate nodes'),
  jobs: z.array(
    z.strictObject({
      arrival: z.iso.datetime(),
      duration_hours: hours,
      slack_hours: hours.describe('How long it might have waited'),
      watts: z.number().nonnegative().describe('Mean of the measured power'),
      zones: z.array(z.string()).describe('Where it could have run'),
      started: z.iso.datetime(),
      zone: z.string().describe('Where it ran'),
    }),
  ),
});

const DEFAULT_MS = 30 * 24 * HOUR_MS;

/** `GET /api/recorded-jobs`, as the API's description shows it. */
export const recordedJobsOperation: Operation = {
  method: 'GET',
  path: '/api/recorded-jobs',
  tag: 'scheduling',
  summary: 'Recorded placements with run time, slack and measured power, as a simulation takes them',
  description:
    'Pods bound in the range, the last 30 days unless one is given, that have measured power and a known zone.',
  query,
  response: { description: 'Jobs by arrival', schema: recordedJobsResponse },
  errors: { 503: 'This process records no decisions' },
};

/** `GET /api/recorded-jobs`: what ran on this cluster, for `carbon simulate --shadow`. */
export function recordedJobsRoute({ store, decisions, clock }: ApiDependencies): Route {
  return {
    operation: recordedJobsOperation,
    async handle(request, response) {
      const { start_time, end_time } = checked(query, request.query, (input) => timeOrderIssues(input));
      if (decisions === undefined) throw extenderError('DECISIONS_NOT_RECORDED', {});
      const to = end_time ?? clock.now();
      const recorded = await Array.fromAsync(decisions.decisions({ from: start_time ?? to - DEFAULT_MS, to }));
      const { jobs, ...rest } = await recordedJobs(store, recorded);
      response.json({
        ...rest,
        jobs: jobs.flatMap(({ arrival, durationHours, slackHours, watts, zones = [], recorded: ran }) =>
          ran === undefined
            ? []
            : {
                ...{ arrival: isoTime(arrival), duration_hours: durationHours, slack_hours: slackHours, watts, zones },
                ...{ started: isoTime(ran.start), zone: ran.zone },
              },
        ),
      });
    },
  };
}
