import { z } from 'zod';
import { instant } from '../../shared/grid/instant.ts';
import { isoTime } from '../../shared/grid/units.ts';
import type { SamplePosition } from '../../shared/records/power.ts';
import { wholeNumber } from './numbers.ts';
import { ROW_CURSOR_PATTERN } from './openapi/patterns.ts';

const name = z.string().min(1).max(253).optional();

/** Forms in which the export is written. */
export const EXPORT_FORMATS = ['json', 'ndjson', 'csv'] as const;

/** Query of `GET /api/export-time-series`. */
export const exportQuery = z.strictObject({
  namespace: name.describe('Only this namespace'),
  pod: name.describe('Only this pod'),
  container: name.describe('Only containers of this name'),
  node: name.describe('Only this node'),
  start_time: instant.optional().describe('Samples that end after this time; absent: from the first on'),
  end_time: instant.optional().describe('Samples that end at this time at the latest; absent: up to now'),
  limit: wholeNumber(1, 999_999_999)
    .optional()
    .describe('Maximum number of rows; the Link header then has the address of the next page'),
  cursor: z
    .string()
    .max(2000)
    .refine(
      (text) => parseCursor(text) !== undefined,
      'is not a valid cursor; use namespace/pod/container/node/timestamp',
    )
    .optional()
    .meta({
      description:
        'Continues behind a row: its namespace, pod, container, node and timestamp, each percent-encoded, with slashes between; behind a row of GPUs /gpu follows',
      pattern: ROW_CURSOR_PATTERN,
    }),
  format: z
    .enum(EXPORT_FORMATS, { error: `is not one of ${EXPORT_FORMATS.join(', ')}` })
    .optional()
    .describe('Format of the response; absent: by the Accept header, else JSON'),
});

/** The cursor that continues behind a row. */
export function cursorAfter({ container, end }: SamplePosition): string {
  const { namespace, pod, container: name, node, device } = container;
  return [namespace, pod, name, node, isoTime(end), ...(device ? [device] : [])].map(encodeURIComponent).join('/');
}

/** Reads a cursor; undefined when it is not valid. */
export function parseCursor(text: string): SamplePosition | undefined {
  const parts = text.split('/');
  const device = parts.length === 6 && parts[5] === 'gpu' ? 'gpu' : undefined;
  if (parts.length !== (device ? 6 : 5)) return undefined;
  try {
    const [namespace, pod, container, node, time] = parts.map(decodeURIComponent) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const end = Date.parse(time);
    return Number.isNaN(end) ? undefined : { container: { namespace, pod, container, node, device }, end };
  } catch {
    return undefined;
  }
}
