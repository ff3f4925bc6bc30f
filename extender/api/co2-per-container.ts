import type { Request, Response } from 'express';
import { intensitiesBySignal, type RequestedZone } from '../../shared/emissions/country-intensity.ts';
import type { PowerSample, TimeRange } from '../../shared/records/power.ts';
import { measurementPieces } from './co2-measurements.ts';
import { co2Request, co2RequestIssues } from './co2-request.ts';
import { newestSamples } from './newest-samples.ts';
import type { Operation } from './openapi/operation.ts';
import { co2Response } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { streamArray } from './stream.ts';

/** `POST /api/co2-per-container`, as the API's description shows it. */
export const co2PerContainerOperation: Operation = {
  method: 'POST',
  path: '/api/co2-per-container',
  tag: 'emissions',
  summary: 'What a container emitted, and would have emitted elsewhere',
  description:
    'Either start_time and end_time, or n: the newest measurements, newest last. A country with several zones has the mean of its tracked zones; one that is not tracked has its yearly average; each figure names its basis and zones. Each country is keyed as the request spells it. No measurement: an empty array.',
  body: co2Request,
  response: { description: 'Every measurement with its emissions by country', schema: co2Response },
};

/** `POST /api/co2-range`: the same under the name that clients use for a range of time. */
export const co2RangeOperation: Operation = { ...co2PerContainerOperation, path: '/api/co2-range' };

/** `POST /api/co2-per-container` or its alias: what a container emitted, and would have emitted elsewhere. */
export function co2PerContainerRoute({ store }: ApiDependencies, operation: Operation): Route {
  return { operation, handle: (request, response) => respond(store, request, response) };
}

async function respond(store: ApiDependencies['store'], request: Request, response: Response): Promise<void> {
  const { start_time, end_time, n = 1, countries, ...names } = checked(co2Request, request.body, co2RequestIssues);
  const codes = [...new Map(countries.map((country): [string, RequestedZone] => [country.code, country])).values()];
  if (start_time !== undefined && end_time !== undefined) {
    const range = { from: start_time, to: end_time };
    return streamArray(
      response,
      measurementPieces(store.samples(names, range), range, ...(await bothSignals(store, codes, range))),
    );
  }
  const newest = await newestSamples(store, names, n);
  const range = spanOf(newest);
  await streamArray(response, measurementPieces([newest], range, ...(await bothSignals(store, codes, range))));
}

/** Average and marginal intensities, in the order of the codes. */
async function bothSignals(store: ApiDependencies['store'], codes: readonly RequestedZone[], range: TimeRange) {
  const intensitiesOf = await intensitiesBySignal(store, codes, range);
  return [intensitiesOf('average'), intensitiesOf('marginal')] as const;
}

function spanOf(samples: readonly PowerSample[]): TimeRange {
  let from = Infinity;
  let to = 0;
  for (const { start, end } of samples) {
    from = Math.min(from, start);
    to = Math.max(to, end);
  }
  return to === 0 ? { from: 0, to: 0 } : { from, to };
}
