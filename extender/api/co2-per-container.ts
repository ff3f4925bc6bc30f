import type { Request, Response } from 'express';
import { isoTime } from '../../shared/grid/units.ts';
import type { PowerSample, TimeRange } from '../../shared/records/power.ts';
import { extenderError } from '../errors.ts';
import { measurementPieces } from './co2-measurements.ts';
import { co2Request, co2RequestIssues } from './co2-request.ts';
import { countryIntensities } from './country-intensity.ts';
import { streamJson } from './json-stream.ts';
import type { Operation } from './openapi/operation.ts';
import { co2Response } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

/** `POST /api/co2-per-container`, as the API's description shows it. */
export const co2PerContainerOperation: Operation = {
  method: 'POST',
  path: '/api/co2-per-container',
  tag: 'emissions',
  summary: 'What a container emitted, and would have emitted elsewhere',
  description:
    'Either start_time and end_time, or n. A country with several zones takes the mean of its tracked zones; one that is not tracked takes its yearly average.',
  body: co2Request,
  response: { description: 'Every sample with its emissions by country', schema: co2Response },
  errors: { 404: 'No power is recorded for this container' },
};

/** `POST /api/co2-range`: the same under the name that clients use for a range of time. */
export const co2RangeOperation: Operation = { ...co2PerContainerOperation, path: '/api/co2-range' };

/** `POST /api/co2-per-container` or its alias: what a container emitted, and would have emitted elsewhere. */
export function co2PerContainerRoute({ store }: ApiDependencies, operation: Operation): Route {
  return {
    operation,
    handle: (request, response) => respond(store, request, response),
  };
}

async function respond(store: ApiDependencies['store'], request: Request, response: Response): Promise<void> {
  const { start_time, end_time, n, countries, ...names } = checked(co2Request, request.body, co2RequestIssues);
  if ((await store.containers(names)).length === 0) throw extenderError('CONTAINER_UNKNOWN', names);
  const given = start_time && end_time ? { from: Date.parse(start_time), to: Date.parse(end_time) } : undefined;
  const newest = given ? [] : await store.lastBlocks(names, n ?? 1);
  const range = given ?? spanOf(newest);
  const intensities = await countryIntensities(store, [...new Set(countries)], range);
  const samples = given ? store.samples(names, given) : [newest];
  const head = {
    ...names,
    start_time: isoTime(range.from),
    end_time: isoTime(range.to),
    countries: Object.fromEntries(intensities.map(({ code, basis, zones }) => [code, { basis, zones }])),
  };
  await streamJson(response, head, 'measurements', measurementPieces(samples, range, intensities));
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
