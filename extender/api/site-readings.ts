import type { Request, Response } from 'express';
import { z } from 'zod';
import { meterReadingJson } from '../../shared/records/meter-reading.ts';
import type { MeterReadingsCursor, MeterReadingsReader, StoredReading } from '../../shared/records/meter-readings.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import { linkToNext } from './link.ts';
import { wholeNumber } from './numbers.ts';
import type { Operation } from './openapi/operation.ts';
import { READING_CURSOR_PATTERN } from './openapi/patterns.ts';
import { siteReadingsResponse } from './openapi/readings-responses.ts';
import { checked } from './problem.ts';
import type { Route } from './route.ts';
import { rangeQuery } from './site-range.ts';
import { siteIdOf, siteIssues, sitePath } from './sites.ts';
import { streamArray } from './stream.ts';
import { timeOrderIssues } from './time-order.ts';

/** Readings that are read at a time; other requests are served in between. */
const PAGE = 5_000;
/** From the year 0, the first that a request can name, to the last time that a Date can hold. */
const ALWAYS: TimeRange = { from: Date.parse('0000-01-01T00:00:00Z'), to: 8.64e15 };

const cursor = z.string().transform((text, context): MeterReadingsCursor => {
  const [, time = '', device = ''] = /^(-?\d{1,16})\/(.*)$/s.exec(text) ?? [];
  const deviceId = decoded(device);
  if (time !== '' && deviceId !== undefined && Math.abs(Number(time)) <= ALWAYS.to)
    return { timestamp: Number(time), deviceId };
  context.addIssue({ code: 'custom', message: 'is not a valid cursor; use the one of the page before' });
  return z.NEVER;
});

const query = z.strictObject({
  ...rangeQuery,
  limit: wholeNumber(1, 10_000).optional().describe('Readings of one page; absent: all, in one response'),
  cursor: cursor.optional().meta({
    description: 'Continues behind a page; the Link header has the whole address',
    pattern: READING_CURSOR_PATTERN,
  }),
});

/** `GET /sites/{site_id}/readings`, as the API's description shows it. */
export const siteReadingsOperation: Operation = {
  method: 'GET',
  path: '/sites/:site_id/readings',
  tag: 'readings',
  summary: 'Readings of a site by time',
  description:
    'All that are stored, unless a range is given; with limit page by page: Link has the address of the next page. A site without readings has an empty array.',
  params: sitePath,
  query,
  response: { description: 'Readings by time, then device', schema: siteReadingsResponse },
};

/** `GET /sites/{site_id}/readings`: all stored readings of a site by time, or page by page. */
export function siteReadingsRoute(readings: ReadingsApi): Route {
  return { operation: siteReadingsOperation, handle: (request, response) => respond(readings, request, response) };
}

async function respond({ store }: ReadingsApi, request: Request, response: Response): Promise<void> {
  const {
    limit,
    cursor: after,
    ...given
  } = checked(query, request.query, (input) => [...siteIssues(request), ...timeOrderIssues(input, 'from', 'to')]);
  const siteId = siteIdOf(request);
  const range = { from: given.from ?? ALWAYS.from, to: given.to ?? ALWAYS.to };
  if (limit === undefined) return streamArray(response, allReadings(store, siteId, range, after));
  const page = await store.readings(siteId, range, limit + 1, after);
  const shown = page.slice(0, limit);
  const last = page.length > limit ? shown.at(-1) : undefined;
  if (last !== undefined) linkToNext(request, response, cursorAt(last));
  response.json(shown.map(meterReadingJson));
}

async function* allReadings(
  store: MeterReadingsReader,
  siteId: string,
  range: TimeRange,
  start: MeterReadingsCursor | undefined,
): AsyncIterable<string> {
  let after = start;
  for (;;) {
    const page = await store.readings(siteId, range, PAGE, after);
    const rows = page.map((reading) => JSON.stringify(meterReadingJson(reading))).join(',');
    if (rows !== '') yield after === start ? rows : `,${rows}`;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

function cursorAt({ timestamp, deviceId }: StoredReading): string {
  return `${timestamp}/${encodeURIComponent(deviceId)}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
