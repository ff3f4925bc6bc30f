import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import { meterId } from '../../shared/records/meter-reading.ts';
import type { MeterReadingsCursor, StoredReading } from '../../shared/records/meter-readings.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import type { Operation } from './openapi/operation.ts';
import { siteReadingsResponse } from './openapi/readings-responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { rangeIssues, rangeQuery, requestedRange } from './site-range.ts';
import { knownSite, siteIssues, sitePath } from './sites.ts';

const MAX_DAYS = 36_500;

const cursor = z.string().transform((text, context): MeterReadingsCursor => {
  const [time, deviceId] = Buffer.from(text, 'base64url').toString().split(' ');
  const timestamp = Number(time);
  if (Number.isSafeInteger(timestamp) && meterId.safeParse(deviceId).success)
    return { timestamp, deviceId: deviceId as string };
  context.addIssue({ code: 'custom', message: 'is not a valid cursor; use the one of the page before' });
  return z.NEVER;
});

const query = z.strictObject({
  ...rangeQuery,
  limit: z.coerce
    .number('is not a number')
    .int('is not a whole number')
    .min(1, 'is below 1')
    .max(10_000, 'is above 10000')
    .default(1_000),
  cursor: cursor.optional(),
});

/** `GET /sites/:site_id/readings`, as the API's description shows it. */
export const siteReadingsOperation: Operation = {
  method: 'GET',
  path: '/sites/:site_id/readings',
  tag: 'readings',
  summary: 'Readings of a site by time',
  description: 'Page by page; the last 24 hours unless a range is given.',
  params: sitePath,
  query,
  response: { description: 'One page', schema: siteReadingsResponse },
  errors: { 404: 'The site has neither readings nor a zone' },
};

/** `GET /sites/{site_id}/readings`: readings by time, page by page; the last 24 hours unless a range is given. */
export function siteReadingsRoute({ clock }: ApiDependencies, readings: ReadingsApi): Route {
  return {
    operation: siteReadingsOperation,
    async handle(request, response) {
      const now = clock.now();
      const requested = checked(query, request.query, (input) => [
        ...siteIssues(request),
        ...rangeIssues(input, now, MAX_DAYS),
      ]);
      const { siteId } = await knownSite(readings, request);
      const page = await readings.store.readings(
        siteId,
        requestedRange(requested, now),
        requested.limit + 1,
        requested.cursor,
      );
      const shown = page.slice(0, requested.limit);
      const last = page.length > requested.limit ? shown.at(-1) : undefined;
      response.json({ site_id: siteId, readings: shown.map(readingJson), next_cursor: last ? cursorAt(last) : null });
    },
  };
}

function readingJson({ deviceId, watts, timestamp, streamId }: StoredReading) {
  return { device_id: deviceId, power_reading: watts, timestamp: isoTime(timestamp), stream_id: streamId };
}

function cursorAt({ timestamp, deviceId }: StoredReading): string {
  return Buffer.from(`${timestamp} ${deviceId}`).toString('base64url');
}
