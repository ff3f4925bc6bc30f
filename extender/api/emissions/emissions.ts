import type { Request, Response } from 'express';
import { hourOf, isoTime } from '../../../shared/grid/units.ts';
import {
  type Container,
  type ContainerFilter,
  type ContainerSpan,
  IDLE,
  type TimeRange,
} from '../../../shared/records/power.ts';
import type { Operation } from '../openapi/operation.ts';
import { emissionsResponse } from '../openapi/responses.ts';
import { checked, RequestIssuesError } from '../problem.ts';
import type { ApiDependencies, Route } from '../route.ts';
import { energyWithin } from './energy.ts';
import { type LabelsOf, rowNaming } from './naming.ts';
import { pricingByNode } from './pricing.ts';
import { type EmissionsRequest, emissionsIssues, emissionsQuery } from './query.ts';
import { rowPage } from './row-page.ts';
import { RowSums, rowTotals } from './rows.ts';
import { parseStep, parseWindow, piecesOf } from './window.ts';
import { workloadName } from './workload-name.ts';

/** Pods that are read one by one at most. */
const MAX_FILTERS = 100;

/** `GET /api/emissions`, as the API's description shows it. */
export const emissionsOperation: Operation = {
  method: 'GET',
  path: '/api/emissions',
  tag: 'emissions',
  summary: 'Energy and emissions by namespace, workload, pod, container, node or label',
  description:
    'In the shape of OpenCost’s allocations. Each container is priced with the zone of the node that it ran on; zone= prices all of it with another zone instead.',
  query: emissionsQuery,
  response: { description: 'One set of rows for every step', schema: emissionsResponse },
};

/** `GET /api/emissions`: energy and emissions in OpenCost's shape, by namespace, pod, container, node or label. */
export function emissionsRoute(deps: ApiDependencies): Route {
  return {
    operation: emissionsOperation,
    handle: (request, response) => respond(deps, request, response),
  };
}

async function respond(deps: ApiDependencies, request: Request, response: Response): Promise<void> {
  const now = deps.clock.now();
  const query = checked(emissionsQuery, request.query, (input) => emissionsIssues(input, now));
  const window = parseWindow(query.window, now) as TimeRange;
  const stepMs = query.accumulate === 'true' || query.step === undefined ? undefined : parseStep(query.step);
  const dimensions = query.aggregate.split(',');
  const labelsOf = await labelsFor(deps, dimensions);
  const { namespace, pod, container, node } = query;
  const filter: ContainerFilter = { namespace, pod, container, node };
  const nameOf = rowNaming(dimensions, labelsOf);
  const found = query.search?.toLowerCase();
  const isSelected = (container: Container) =>
    isWanted(container, query) && (found === undefined || nameOf(container).name.toLowerCase().includes(found));
  const spans = (await deps.store.containers(filter)).filter(({ container }) => isSelected(container));
  const pricing = await pricingByNode(
    deps.store,
    new Set(spans.map((span) => span.container.node)),
    window,
    query.zone,
    deps.zoneOfNode,
  );
  const pieces = piecesOf(window, stepMs);
  const sums = pieces.map((piece) => new RowSums(piece));
  const pieceOf = (time: number) =>
    stepMs === undefined ? 0 : Math.max(0, Math.floor((time - hourOf(window.from)) / stepMs));
  expectTime(spans, sums, pieceOf, nameOf);
  for (const part of found === undefined ? [filter] : narrowed(filter, spans))
    for await (const piece of energyWithin(deps.store, part, window))
      if (isSelected(piece.container))
        sums[pieceOf(piece.hour)]?.add(nameOf(piece.container), piece, pricing.of(piece.container.node));
  const page = rowPage(rowTotals(sums), query);
  response.json({
    code: 200,
    status: 'success',
    data: sums.map((sum) => sum.rows(page.names, query.other === 'true')),
    meta: {
      window: { start: isoTime(window.from), end: isoTime(window.to) },
      pieces: pieces.map(({ from, to }) => ({ start: isoTime(from), end: isoTime(to) })),
      aggregate: query.aggregate,
      rows: page.total,
      order: page.names,
      zone: query.zone ?? null,
      zones: Object.fromEntries(pricing.intensities.map(({ code, basis, zones }) => [code, { basis, zones }])),
      units: { energy: 'kWh', emissions: 'gCO2eq', intensity: 'gCO2eq/kWh', coverage: 'share of 1' },
    },
  });
}

/** Filters for what a search has found: one for each pod while they are few, which is faster than reading everything. */
function narrowed(filter: ContainerFilter, spans: readonly ContainerSpan[]): readonly ContainerFilter[] {
  const pods = new Map(spans.map(({ container: { namespace, pod } }) => [`${namespace}/${pod}`, { namespace, pod }]));
  return pods.size > MAX_FILTERS ? [filter] : [...pods.values()].map((each) => ({ ...filter, ...each }));
}

/** Counts how long each container existed in each piece: what the coverage is a share of. */
function expectTime(
  spans: readonly ContainerSpan[],
  sums: readonly RowSums[],
  pieceOf: (time: number) => number,
  nameOf: ReturnType<typeof rowNaming>,
): void {
  for (const span of spans) {
    const last = Math.min(pieceOf(span.last), sums.length - 1);
    for (let at = pieceOf(span.first); at <= last; at += 1) sums[at]?.expect(nameOf(span.container), span);
  }
}

function isWanted({ namespace, pod }: Container, { includeIdle, workload }: EmissionsRequest): boolean {
  if (workload !== undefined && workloadName(pod) !== workload) return false;
  return namespace !== IDLE || includeIdle === 'true';
}

async function labelsFor({ labels }: ApiDependencies, dimensions: readonly string[]): Promise<LabelsOf> {
  if (!dimensions.some((dimension) => dimension.startsWith('label:'))) return () => undefined;
  const known = await labels?.();
  if (known !== undefined) return known;
  throw new RequestIssuesError([
    {
      pointer: '/aggregate',
      detail: 'needs pod labels, and none are recorded; let the poller reach the Kubernetes API',
    },
  ]);
}
