import type { Request, Response } from 'express';
import type { PowerSample, SamplePosition } from '../../shared/records/power.ts';
import { extenderError } from '../errors.ts';
import { ByteWriter, PIECE_BYTES } from './byte-writer.ts';
import { cursorAfter, type EXPORT_FORMATS, exportIssues, exportQuery, parseCursor } from './export-query.ts';
import { EXPORT_COLUMNS, rowWriter } from './export-rows.ts';
import { streamText } from './json-stream.ts';
import type { Operation } from './openapi/operation.ts';
import { exportResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

type Format = (typeof EXPORT_FORMATS)[number];

const TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
};

const COMMA = Buffer.from(',');
/** What precedes the first row. */
const OPENING: Readonly<Record<Format, Buffer>> = {
  json: Buffer.from('{"samples":['),
  ndjson: Buffer.alloc(0),
  csv: Buffer.from(`${EXPORT_COLUMNS.join(',')}\r\n`),
};
/** The last time that a Date can hold. */
const END_OF_TIME = 8.64e15;

/** `GET /api/export-time-series`, as the API's description shows it. */
export const exportTimeSeriesOperation: Operation = {
  method: 'GET',
  path: '/api/export-time-series',
  tag: 'power',
  summary: 'Every raw sample, as JSON, NDJSON or CSV',
  description: 'Streamed by container, oldest first. A broken download goes on behind its last whole row: see cursor.',
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
  const { start_time, end_time, limit, cursor, format, ...filter } = checked(exportQuery, request.query, exportIssues);
  const as = format ?? acceptedFormat(request);
  const range = {
    from: start_time === undefined ? 0 : Date.parse(start_time),
    to: end_time === undefined ? END_OF_TIME : Date.parse(end_time),
  };
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  // Samples that end within the range, so that ranges side by side share none, and that come behind the cursor.
  const wanted = (sample: PowerSample) =>
    sample.end > range.from && sample.end <= range.to && (after === undefined || isBehind(sample, after));
  response.setHeader('Vary', 'Accept');
  if (as === 'csv') response.setHeader('Content-Disposition', 'attachment; filename="power.csv"');
  await streamText(response, TYPES[as], written(store.samples(filter, range, after), wanted, as, limit));
}

function acceptedFormat(request: Request): Format {
  const type = request.accepts(['application/json', 'application/x-ndjson', 'application/jsonl', 'text/csv']);
  if (type === false) throw extenderError('FORMAT_NOT_ACCEPTABLE', {});
  return type === 'text/csv' ? 'csv' : type === 'application/json' ? 'json' : 'ndjson';
}

function isBehind({ container, end }: PowerSample, after: SamplePosition): boolean {
  for (const field of ['namespace', 'pod', 'container', 'node'] as const)
    if (container[field] !== after.container[field]) return container[field] > after.container[field];
  return end > after.end;
}

/** The export in pieces: one step of an async generator for each row would cost more than the row. */
async function* written(
  batches: AsyncIterable<readonly PowerSample[]>,
  wanted: (sample: PowerSample) => boolean,
  format: Format,
  limit: number | undefined,
): AsyncIterable<Buffer> {
  const writer = new ByteWriter();
  const row = rowWriter(writer, format);
  let count = 0;
  let last: PowerSample | undefined;
  writer.bytes(OPENING[format]);
  for await (const samples of batches) {
    for (const sample of samples) {
      if (!wanted(sample)) continue;
      if (count === limit && last !== undefined) {
        yield end(writer, format, count, cursorAfter(last));
        return;
      }
      if (format === 'json' && count > 0) writer.bytes(COMMA);
      row(sample);
      count += 1;
      last = sample;
      if (writer.length >= PIECE_BYTES) yield writer.take();
    }
  }
  yield end(writer, format, count, null);
}

function end(writer: ByteWriter, format: Format, count: number, next: string | null): Buffer {
  if (format === 'json') writer.bytes(Buffer.from(`],"count":${count},"next_cursor":${JSON.stringify(next)}}`));
  return writer.take();
}
