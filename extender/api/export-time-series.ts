import type { Request, Response } from 'express';
import type { PowerSample, SamplePosition } from '../../shared/records/power.ts';
import { extenderError } from '../errors.ts';
import { ByteWriter, PIECE_BYTES } from './byte-writer.ts';
import { cursorAfter, type EXPORT_FORMATS, exportQuery, parseCursor } from './export-query.ts';
import { EXPORT_COLUMNS, rowWriter } from './export-rows.ts';
import { linkToNext } from './link.ts';
import type { Operation } from './openapi/operation.ts';
import { exportResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { streamText } from './stream.ts';
import { timeOrderIssues } from './time-order.ts';

type Format = (typeof EXPORT_FORMATS)[number];

const TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
};

const NOTHING = Buffer.alloc(0);
const COMMA = Buffer.from(',');
/** What precedes the first row. */
const OPENING: Readonly<Record<Format, Buffer>> = {
  json: Buffer.from('['),
  ndjson: NOTHING,
  csv: Buffer.from(`${EXPORT_COLUMNS.join(',')}\r\n`),
};
/** What follows the last row. */
const CLOSING: Readonly<Record<Format, Buffer>> = { json: Buffer.from(']'), ndjson: NOTHING, csv: NOTHING };
/** The last time that a Date can hold. */
const END_OF_TIME = 8.64e15;

/** `GET /api/export-time-series`, as the API's description shows it. */
export const exportTimeSeriesOperation: Operation = {
  method: 'GET',
  path: '/api/export-time-series',
  isExport: true,
  tag: 'power',
  summary: 'Every raw sample, as JSON, NDJSON or CSV',
  description:
    'Streamed by container, oldest first. What a container used on GPUs is in rows of its own, whose gpu_joules are their joules: the joules of all rows add up. With limit, the Link header has the address of the next page. A download that was cut off continues behind its last whole row: see cursor.',
  query: exportQuery,
  response: {
    description: 'Samples',
    schema: exportResponse,
    types: ['application/json', 'application/x-ndjson', 'text/csv'],
  },
  errors: { 406: 'None of the accepted media types can be written' },
};

/** `GET /api/export-time-series`: every raw sample, streamed no faster than the client reads. */
export function exportTimeSeriesRoute(deps: ApiDependencies): Route {
  return {
    operation: exportTimeSeriesOperation,
    handle: (request, response) => respond(deps, request, response),
  };
}

async function respond({ store }: ApiDependencies, request: Request, response: Response): Promise<void> {
  const { start_time, end_time, limit, cursor, format, ...filter } = checked(exportQuery, request.query, (input) =>
    timeOrderIssues(input),
  );
  const as = format ?? acceptedFormat(request);
  const range = { from: start_time ?? 0, to: end_time ?? END_OF_TIME };
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  // Samples that end within the range, so that ranges side by side share none, and that come behind the cursor.
  const inRange = (sample: PowerSample) =>
    sample.end > range.from && sample.end <= range.to && (after === undefined || isBehind(sample, after));
  const last = limit === undefined ? undefined : await endOfPage(store.samples(filter, range, after), inRange, limit);
  if (last !== undefined) linkToNext(request, response, cursorAfter(last));
  const wanted = last === undefined ? inRange : (sample: PowerSample) => inRange(sample) && !isBehind(sample, last);
  response.setHeader('Vary', 'Accept');
  if (as === 'csv') response.setHeader('Content-Disposition', 'attachment; filename="power.csv"');
  await streamText(response, TYPES[as], written(store.samples(filter, range, after), wanted, as, last));
}

function acceptedFormat(request: Request): Format {
  const type = request.accepts(['application/json', 'application/x-ndjson', 'application/jsonl', 'text/csv']);
  if (type === false) throw extenderError('FORMAT_NOT_ACCEPTABLE', {});
  return type === 'text/csv' ? 'csv' : type === 'application/json' ? 'json' : 'ndjson';
}

function isBehind({ container, end }: PowerSample, after: SamplePosition): boolean {
  for (const field of ['namespace', 'pod', 'container', 'node'] as const)
    if (container[field] !== after.container[field]) return container[field] > after.container[field];
  // Rows of GPUs come behind those of the same container's processors.
  if (container.device !== after.container.device) return container.device !== undefined;
  return end > after.end;
}

/** The last row of a page that others follow; undefined when all rows fit. The headers need it before the first row is sent. */
async function endOfPage(
  batches: AsyncIterable<readonly PowerSample[]>,
  wanted: (sample: PowerSample) => boolean,
  limit: number,
): Promise<PowerSample | undefined> {
  let count = 0;
  let last: PowerSample | undefined;
  for await (const samples of batches) {
    for (const sample of samples) {
      if (!wanted(sample)) continue;
      if (count === limit) return last;
      count += 1;
      last = sample;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

/** The export in pieces: one step of an async generator for each row would cost more than the row. */
async function* written(
  batches: AsyncIterable<readonly PowerSample[]>,
  wanted: (sample: PowerSample) => boolean,
  format: Format,
  last: PowerSample | undefined,
): AsyncIterable<Buffer> {
  const writer = new ByteWriter();
  const row = rowWriter(writer, format);
  let separator = NOTHING;
  writer.bytes(OPENING[format]);
  for await (const samples of batches) {
    if (last !== undefined && isPast(samples, last)) break;
    for (const sample of samples) {
      if (!wanted(sample)) continue;
      writer.bytes(separator);
      if (format === 'json') separator = COMMA;
      row(sample);
      if (writer.length >= PIECE_BYTES) yield writer.take();
    }
  }
  writer.bytes(CLOSING[format]);
  yield writer.take();
}

/** Whether a batch, which is of one container, begins behind the last row of the page. */
function isPast([first]: readonly PowerSample[], last: PowerSample): boolean {
  return first !== undefined && isBehind(first, last);
}
