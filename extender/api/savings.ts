import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import {
  BASELINES,
  type MarginalSaving,
  type Saving,
  type SavingsTotal,
  savingsTotals,
} from '../../shared/emissions/savings.ts';
import { savingsLedger } from '../../shared/emissions/savings-ledger.ts';
import { instant, instantOf } from '../../shared/grid/instant.ts';
import { QUALITIES } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import { wholeNumber } from './numbers.ts';
import type { Operation } from './openapi/operation.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

const query = z.strictObject({
  start_time: instant.optional(),
  end_time: instant.optional(),
  from: instant.optional().describe('The same as start_time'),
  to: instant.optional().describe('The same as end_time'),
  limit: wholeNumber(0, 100_000)
    .default(10_000)
    .describe('Maximum number of pods listed, those bound last; the totals count all'),
});

const figures = {
  energy_kwh: z.number().nonnegative(),
  emissions_grams: z.number().describe('With the actual intensity'),
  saved_grams: z.number().describe('Negative: more was emitted than at the baseline'),
  qualities: z.array(z.enum(QUALITIES)),
};
const marginal = {
  emissions_grams: z.number().describe('With the actual marginal intensity'),
  baseline_grams: z.number(),
  saved_grams: z.number().describe('Negative: more was emitted than at the baseline'),
};
/** Response of `GET /api/savings`. */
export const savingsResponse = z.strictObject({
  start_time: z.iso.datetime(),
  end_time: z.iso.datetime(),
  decisions: z.int().nonnegative(),
  totals: z.array(
    z.strictObject({
      ...figures,
      baseline: z.enum(BASELINES),
      pods: z.int().positive(),
      negative: z.int().nonnegative().describe('Pods that emitted more than at the baseline'),
      saved_percent: z.number().nullable(),
      possible_grams: z
        .number()
        .describe(
          'What the cleanest start within each pod’s slack, or its cleanest candidate zone, would have saved in hindsight',
        ),
      coverage: z.number().min(0).max(1).nullable(),
      marginal: z.strictObject({ ...marginal, pods: z.int().positive() }).nullable(),
    }),
  ),
  pods: z.array(
    z.strictObject({
      ...figures,
      baseline: z.enum(BASELINES),
      uid: z.string(),
      namespace: z.string(),
      pod: z.string(),
      zone: z.string(),
      baseline_grams: z.number(),
      possible_grams: z.number().nullable().describe('Saved at most, in hindsight; null: not known'),
      coverage: z.number().min(0).max(1),
      marginal: z.strictObject({ ...marginal, coverage: z.number().min(0).max(1) }).nullable(),
    }),
  ),
});
const DEFAULT_MS = 30 * 24 * HOUR_MS;

/** `GET /api/savings`, as the API's description shows it. */
export const savingsOperation: Operation = {
  method: 'GET',
  path: '/api/savings',
  tag: 'emissions',
  summary: 'Savings of placed and deferred pods',
  description:
    'Measured energy × (intensity it would have met − intensity it met), for pods bound in the range, with the energy that they used in it; the last 30 days unless one is given. `arrival`: the same energy in the same zone as much earlier as the pod or its Job waited. `candidates-mean`: at the same time in the mean of the zones of the candidate nodes, hour by hour. A pod may have both baselines; they are never added up. These are attributional differences. `marginal` is the same difference with marginal intensities, where they are known.',
  query,
  response: { description: 'Sums by baseline, and the pods in the order of their binding', schema: savingsResponse },
};

/** `GET /api/savings`: what placed and deferred pods saved, in total by baseline and pod by pod; the last 30 days unless a range is given. */
export function savingsRoute({ store, decisions, clock }: ApiDependencies): Route {
  return {
    operation: savingsOperation,
    async handle(request, response) {
      const { limit, ...range } = askedFor(request.query, clock.now());
      const recorded = decisions ? await Array.fromAsync(decisions.decisions(range)) : [];
      const pods = await savingsLedger(store, recorded, range, 'rollup', setImmediate);
      response.json({
        start_time: isoTime(range.from),
        end_time: isoTime(range.to),
        decisions: recorded.length,
        totals: savingsTotals(pods).map(total),
        pods: pods.slice(pods.length - Math.min(limit, pods.length)).map(entry),
      });
    },
  };
}

function askedFor(given: unknown, now: EpochMs): TimeRange & { readonly limit: number } {
  const {
    start_time,
    end_time,
    from = start_time,
    to = end_time,
    limit,
  } = checked(query, given, (input) => {
    const last = input.end_time ?? input.to;
    const first = input.start_time ?? input.from;
    const end = last === undefined ? now : instantOf(last);
    const start = instantOf(first);
    if (end === undefined || start === undefined || start < end) return [];
    if (last === undefined)
      return [
        { pointer: input.start_time === undefined ? '/from' : '/start_time', detail: 'lies ahead', isConflict: true },
      ];
    return [
      {
        pointer: input.end_time === undefined ? '/to' : '/end_time',
        detail: 'is not after the start',
        isConflict: true,
      },
    ];
  });
  const end = to ?? now;
  return { from: from ?? end - DEFAULT_MS, to: end, limit };
}

function total({
  baseline,
  pods,
  negative,
  kilowattHours,
  met,
  saved,
  savedPercent,
  possible,
  coverage,
  qualities,
  marginal,
}: SavingsTotal) {
  return {
    ...{ baseline, pods, negative, coverage, qualities },
    energy_kwh: kilowattHours,
    emissions_grams: met,
    saved_grams: saved,
    saved_percent: savedPercent,
    possible_grams: possible,
    marginal: marginal && { pods: marginal.pods, ...marginalFields(marginal) },
  };
}

function marginalFields({ met, wouldHaveMet, saved }: Omit<MarginalSaving, 'coverage'>) {
  return { emissions_grams: met, baseline_grams: wouldHaveMet, saved_grams: saved };
}

function entry({ kilowattHours, met, wouldHaveMet, saved, possible, marginal, ...rest }: Saving) {
  return {
    possible_grams: possible,
    ...{ ...rest, energy_kwh: kilowattHours, emissions_grams: met, baseline_grams: wouldHaveMet, saved_grams: saved },
    marginal: marginal && { coverage: marginal.coverage, ...marginalFields(marginal) },
  };
}
