import { z } from 'zod';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { ACCUMULATIONS, parseStep, parseWindow } from '../../../shared/records/time-window.ts';
import { zoneCode } from '../co2-request.ts';
import { STEP_PATTERN, UNITS_PATTERN, ZONE_OR_EMPTY_PATTERN } from '../openapi/patterns.ts';
import type { RequestIssue } from '../problem.ts';
import { windowIssues, windowText } from '../window.ts';
import { allocationFields, filterIssues } from './allocation-query.ts';
import { DIMENSIONS } from './naming.ts';
import { rowPageQuery } from './row-page-query.ts';

const LABEL = '(label|annotation):[A-Za-z0-9]([A-Za-z0-9._/-]{0,251}[A-Za-z0-9])?';
/** What energy can be added up by, comma-separated. Controllers and labels need the pods' labels. */
const AGGREGATE = new RegExp(`^(${DIMENSIONS.join('|')}|${LABEL})(,(${DIMENSIONS.join('|')}|${LABEL}))*$`);
/** Most pieces that one window may be cut into. */
const MAX_PIECES = 2_000;
const LONGEST_MS = 366 * 24 * HOUR_MS;

const name = z.string().min(1).max(253).optional();
const flag = z.enum(['true', 'false'], { error: 'is neither true nor false' });

const ZONE_DESCRIPTION = 'Prices everything with this zone or country instead of the zone of each container’s node';

const fields = {
  window: windowText(366).default('24h'),
  aggregate: z
    .string()
    .max(600)
    .regex(AGGREGATE, {
      error: `is not a comma-separated list of ${DIMENSIONS.join(', ')}, label:NAME and annotation:NAME`,
    })
    .default('namespace')
    .describe(
      `Group by ${DIMENSIONS.join(', ')}, label:NAME, annotation:NAME, or several of them, comma-separated. Services and annotations are not recorded: rows by them are __unallocated__, and meta.unavailable names them. A workload is the name of a pod without the suffix that Kubernetes generates; controllers come from the labels that Kubernetes sets`,
    ),
  step: z
    .string()
    .max(8)
    .refine((text) => (parseStep(text) ?? 0.5) % HOUR_MS === 0, 'is not a valid step; use whole hours such as 1h or 1d')
    .optional()
    .meta({
      description: 'Length of the pieces that the window is cut into, in whole hours (1h, 6h, 1d); absent: one piece',
      pattern: STEP_PATTERN,
    }),
  accumulate: z
    .enum(ACCUMULATIONS, { error: `is not one of ${ACCUMULATIONS.join(', ')}` })
    .default('false')
    .describe(
      'true or all: one piece; hour, day, week, month, quarter: pieces of the calendar (UTC, weeks from Sunday)',
    ),
  idle: flag.optional().describe('The same as includeIdle'),
  includeIdle: flag
    .default('false')
    .describe(
      'true adds a row __idle__ for the energy of nodes outside containers, and __unmetered__ for what meters on their outlets count beyond it',
    ),
  zone: zoneCode.optional().meta({ description: ZONE_DESCRIPTION }),
  namespace: name.describe('Only this namespace'),
  workload: name.describe('Only pods of this workload'),
  pod: name.describe('Only this pod'),
  container: name.describe('Only containers of this name'),
  node: name.describe('Only this node'),
  ...rowPageQuery,
  units: z
    .string()
    .regex(/^\d{1,15}(\.\d{1,6})?$/, 'is not a positive number')
    .refine((text) => Number(text) > 0, 'is not a positive number')
    .transform(Number)
    .optional()
    .meta({
      description:
        'Functional units of the window, such as requests or users: each row then has sci_g_per_unit, its Software Carbon Intensity (ISO/IEC 21031)',
      pattern: UNITS_PATTERN,
    }),
  other: flag.default('false').describe('true adds up the rows outside the limit as one row __other__'),
  format: z.enum(['json', 'csv'], { error: 'is not one of json, csv' }).optional(),
  ...allocationFields,
};

/** Query of `GET /api/emissions`, in OpenCost's words. */
export const emissionsQuery = z.strictObject(fields);

/** Query of OpenCost's own paths: what else its clients send is ignored. Without aggregate each container is a row. */
export const allocationQuery = z.object({
  ...fields,
  zone: fields.zone.meta({ description: ZONE_DESCRIPTION, pattern: ZONE_OR_EMPTY_PATTERN }),
  aggregate: fields.aggregate.unwrap().default('cluster,node,namespace,pod,container'),
});

/** The checked query. */
export type EmissionsRequest = z.output<typeof emissionsQuery>;

/** Rules between the fields: a window of at most a year, cut into at most 2,000 pieces. */
export function emissionsIssues(input: Readonly<Record<string, unknown>>, now: number): RequestIssue[] {
  const text = input.window ?? '24h';
  return [...filterIssues(input), ...windowIssues(text, now, 366), ...stepIssues(text, input.step, now)];
}

function stepIssues(text: unknown, written: unknown, now: number): RequestIssue[] {
  const window = parseWindow(String(text), now);
  if (window === undefined || window.to - window.from > LONGEST_MS) return [];
  const step = written === undefined ? undefined : parseStep(String(written));
  if (step === undefined || (window.to - window.from) / step <= MAX_PIECES) return [];
  return [{ pointer: '/step', detail: `cuts the window into more than ${MAX_PIECES} pieces`, isConflict: true }];
}
