import type { Request, Response } from 'express';
import { isoTime } from '../../../shared/grid/units.ts';
import {
  type Container,
  type ContainerFilter,
  type ContainerSpan,
  IDLE,
  type TimeRange,
} from '../../../shared/records/power.ts';
import { parseWindow, pieceFinder, piecesOf } from '../../../shared/records/time-window.ts';
import { extenderError } from '../../errors.ts';
import type { Operation } from '../openapi/operation.ts';
import { emissionsResponse } from '../openapi/responses.ts';
import { checked } from '../problem.ts';
import type { ApiDependencies, Route } from '../route.ts';
import { needsLabels, unrecordedFilters } from './allocation-query.ts';
import { rowsCsv } from './csv.ts';
import { energyOfCutHours, energyWithin } from './energy.ts';
import { IdleShares } from './idle-shares.ts';
import { shareInFlight } from './in-flight.ts';
import { type NamingOptions, needLabels, rowNaming, unavailableDimensions } from './naming.ts';
import { NodeUses } from './node-uses.ts';
import { pricedHour } from './priced.ts';
import { pricingByNode } from './pricing.ts';
import { allocationQuery, type EmissionsRequest, emissionsIssues, emissionsQuery } from './query.ts';
import { rowPage } from './row-page.ts';
import { combiningOthers, RowSums, rowTotals } from './rows.ts';
import { isSelective, selection } from './selection.ts';
import { addInStore } from './store-totals.ts';

/** Pods that are read one by one at most. */
const MAX_FILTERS = 100;
/** With more rows than this beyond a page, the page is selected before energy is added up by piece of time. */
const MANY_ROWS = 200;

/** `GET /api/emissions`, as the API's description shows it. */
export const emissionsOperation: Operation = {
  method: 'GET',
  path: '/api/emissions',
  tag: 'emissions',
  summary: 'Energy and emissions by namespace, controller, workload, pod, container, node, cluster or label',
  description:
    'In the shape of OpenCost’s allocations. Each container is priced with the zone of the node that it ran on; zone= prices all of it with another zone instead. totalCost is there where PRICE_PER_KWH has the price of a zone.',
  query: emissionsQuery,
  response: {
    description: 'One set of rows for every step',
    schema: emissionsResponse,
    types: ['application/json', 'text/csv'],
  },
  errors: { 409: 'Pod labels are needed, and none are recorded' },
};

/** `GET /allocation` and `GET /allocation/compute`: the same at the paths of OpenCost, for its clients. */
export const allocationOperations: readonly Operation[] = ['/allocation', '/allocation/compute'].map((path) => ({
  ...emissionsOperation,
  path,
  summary: 'The same as /api/emissions, at the path of OpenCost',
  description: 'Parameters of OpenCost that have no meaning for energy are ignored.',
  query: allocationQuery,
}));

/** `GET /api/emissions` and its aliases: energy and emissions in OpenCost's shape. */
export function emissionsRoutes(deps: ApiDependencies): Route[] {
  // Dashboards of several people send the same query at the same moment, and one of 90 days takes a second.
  const shared = shareInFlight<Summed>();
  return [emissionsOperation, ...allocationOperations].map((operation) => ({
    operation,
    async handle(request, response) {
      const now = deps.clock.now();
      const isOurs = operation === emissionsOperation;
      const schema = isOurs ? emissionsQuery : allocationQuery;
      const given = isOurs ? request.query : withoutEmpty(request.query);
      const query = checked(schema, given, (input) => emissionsIssues(input, now));
      await respond({ deps, shared }, query, now, request, response);
    },
  }));
}

type Summed = Awaited<ReturnType<typeof summedPage>>;

async function respond(
  { deps, shared }: { readonly deps: ApiDependencies; readonly shared: ReturnType<typeof shareInFlight<Summed>> },
  query: EmissionsRequest,
  now: number,
  request: Request,
  response: Response,
): Promise<void> {
  const window = parseWindow(query.window, now) as TimeRange;
  const pieces = piecesOf(window, query.step, query.accumulate);
  const key = JSON.stringify([query, window]);
  const { sums, intensities, page } = await shared(key, () => summedPage(deps, query, window, pieces));
  const data = sums.map((sum) => sum.rows(page.names, query.other === 'true', query.units));
  const asCsv = query.format === 'csv' || (query.format === undefined && request.accepts(['json', 'csv']) === 'csv');
  response.vary('Accept');
  if (asCsv) {
    response.setHeader('Content-Disposition', 'attachment; filename="emissions.csv"');
    response.type('text/csv; charset=utf-8').send(rowsCsv(data));
    return;
  }
  response.json({
    code: 200,
    status: 'success',
    data,
    meta: {
      window: { start: isoTime(window.from), end: isoTime(window.to) },
      pieces: pieces.map(({ from, to }) => ({ start: isoTime(from), end: isoTime(to) })),
      aggregate: query.aggregate,
      unavailable: [...new Set([...unavailableDimensions(query.aggregate.split(',')), ...unrecordedFilters(query)])],
      rows: page.total,
      order: page.names,
      zone: query.zone ?? null,
      zones: Object.fromEntries(intensities.map(({ code, basis, zones }) => [code, { basis, zones }])),
      units: { energy: 'kWh', emissions: 'gCO2eq', intensity: 'gCO2eq/kWh', coverage: 'share of 1' },
    },
  });
}

/**
 * The rows of a page in each piece of time. Where there are far more rows than the page has, the page is selected by the
 * totals of the window first: then the rest is one row of each piece, and not thousands that are combined afterwards.
 */
async function summedPage(
  deps: ApiDependencies,
  query: EmissionsRequest,
  window: TimeRange,
  pieces: readonly TimeRange[],
) {
  const work = await selectWork(deps, query, window);
  const { intensities } = work.pricing;
  // What is shared of idle energy depends on the rows themselves, so there they must not be combined before.
  const { limit = Number.POSITIVE_INFINITY } = query;
  if (pieces.length > 1 && query.shareIdle === 'false' && work.rows > limit + MANY_ROWS) {
    const page = rowPage(rowTotals(await summed(deps, query, window, [window], work)), query);
    const nameOf = combiningOthers(page, work.nameOf);
    return { intensities, page, sums: await summed(deps, query, window, pieces, { ...work, nameOf }) };
  }
  const sums = await summed(deps, query, window, pieces, work);
  return { intensities, page: rowPage(rowTotals(sums), query), sums };
}

type Work = Awaited<ReturnType<typeof selectWork>>;

/** What a query selects, how it is named and priced. */
async function selectWork(deps: ApiDependencies, query: EmissionsRequest, window: TimeRange) {
  const dimensions = query.aggregate.split(',');
  const naming = await namingOf(deps, query, dimensions);
  const nameOf = rowNaming(dimensions, naming);
  const isSelected = selection(query, naming, nameOf);
  const facility = await deps.facility?.();
  const { namespace, pod, container, node } = query;
  // Idle energy and the making of machines are shared by all that a node ran, selected or not.
  const isShared = query.shareIdle !== 'false' || facility?.knowsEmbodied() === true;
  const names: ContainerFilter = isShared ? { node } : { namespace, pod, container, node };
  const all = await deps.store.containers(names);
  const spans = all.filter((span) => isSelected(span.container));
  const nodes = new Set(spans.map((span) => span.container.node));
  const pricing = await pricingByNode({ ...deps, facility }, nodes, window, query.zone);
  const rows = new Set(spans.map((span) => nameOf(span.container).name)).size;
  return { nameOf, isSelected, facility, names, all, spans, nodes, pricing, rows };
}

/** Adds energy up by piece of time and row; idle energy as a row of its own, or shared among the others. */
async function summed(
  deps: ApiDependencies,
  query: EmissionsRequest,
  window: TimeRange,
  pieces: readonly TimeRange[],
  { nameOf, isSelected, facility, names, all, spans, nodes, pricing }: Work,
): Promise<readonly RowSums[]> {
  const uses = new NodeUses(pieces);
  const shares = query.shareIdle === 'false' ? undefined : new IdleShares(pieces, uses);
  const embodied = facility && [...nodes].some((node) => facility.embodiedPerHour(node) !== undefined);
  const sums = pieces.map((piece) => new RowSums(piece, embodied));
  const pieceOf = pieceFinder(window, pieces);
  expectTime(shares ? spans.filter((span) => span.container.namespace !== IDLE) : spans, sums, pieceOf, nameOf);
  const rowOf = (container: Container) => (isSelected(container) ? nameOf(container) : undefined);
  const whole = shares !== undefined || embodied;
  const own = whole ? all.filter((span) => nodes.has(span.container.node)) : spans;
  const grouping = { rowOf, pricingOf: pricing.of, sums, shares, uses: whole ? uses : undefined };
  // The making of a machine goes by the hours in which its power is known.
  const isAdded =
    (!embodied || deps.store.nodeTimes !== undefined) && (await addInStore(deps.store, own, pieces, grouping));
  const energy = isAdded ? energyOfCutHours : energyWithin;
  for (const part of whole ? ofNodes(names, nodes) : isSelective(query) ? narrowed(names, spans) : [names])
    for await (const piece of energy(deps.store, part, window)) {
      const at = pieceOf(piece.hour);
      const row = rowOf(piece.container);
      const price = pricing.of(piece.container.node);
      if (shares !== undefined && piece.container.namespace === IDLE)
        shares.idle(at, piece, price, pricedHour(piece, price));
      else {
        uses.use(at, row, piece);
        if (row !== undefined) sums[at]?.add(row, piece, price, pricedHour(piece, price));
      }
    }
  const idleRow = isSelective(query) ? undefined : { name: IDLE, properties: {} };
  shares?.distribute(sums, idleRow);
  if (facility && embodied) uses.shareEmbodied(sums, facility, shares && idleRow);
  return sums;
}

/** Counts how long each container existed in each piece: what the coverage is a share of. */
function expectTime(
  spans: readonly ContainerSpan[],
  sums: readonly RowSums[],
  pieceOf: (time: number) => number,
  nameOf: ReturnType<typeof rowNaming>,
): void {
  for (const span of spans) {
    const last = pieceOf(span.last);
    for (let at = pieceOf(span.first); at <= last; at += 1) sums[at]?.expect(nameOf(span.container), span);
  }
}

/** Filters for all that some nodes ran: one for each node while they are few. */
function ofNodes({ node }: ContainerFilter, nodes: ReadonlySet<string>): readonly ContainerFilter[] {
  if (node !== undefined || nodes.size > MAX_FILTERS) return [{ node }];
  return [...nodes].map((each) => ({ node: each }));
}

/** Filters for what a selection has found: one for each pod while they are few, which is faster than reading everything. */
function narrowed(filter: ContainerFilter, spans: readonly ContainerSpan[]): readonly ContainerFilter[] {
  const pods = new Map(spans.map(({ container: { namespace, pod } }) => [`${namespace}/${pod}`, { namespace, pod }]));
  return pods.size > MAX_FILTERS ? [filter] : [...pods.values()].map((each) => ({ ...filter, ...each }));
}

async function namingOf(
  { labels, cluster = 'cluster-one' }: ApiDependencies,
  query: EmissionsRequest,
  dimensions: readonly string[],
): Promise<NamingOptions> {
  if (!needLabels(dimensions) && !needsLabels(query)) return { labelsOf: () => undefined, cluster };
  const known = await labels?.();
  if (known !== undefined) return { labelsOf: known, cluster };
  throw extenderError('LABELS_NOT_RECORDED', {});
}

/** A query without parameters that are empty: OpenCost takes their defaults, and its clients send them. */
function withoutEmpty(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}
