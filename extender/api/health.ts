import { type ContractIssue, contractIssues } from '../../shared/emissions/contract-issues.ts';
import type { Contracts } from '../../shared/emissions/contracts.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { ContainerSpan, PowerTotals } from '../../shared/records/power.ts';
import type { SqliteFileState } from '../../shared/store/sqlite/file.ts';
import type { Operation } from './openapi/operation.ts';
import { healthResponse, statusResponse } from './openapi/responses.ts';
import type { ApiDependencies, Route } from './route.ts';

/** `GET /health`, as the API's description shows it. */
export const healthOperation: Operation = {
  method: 'GET',
  path: '/health',
  open: true,
  tag: 'health',
  summary: 'Health of the API, and how much is recorded',
  response: { description: 'What is recorded', schema: healthResponse },
};

/** `GET /health`: whether the API works and how much it knows. */
export function healthRoute({ store, clock, mode, readings }: ApiDependencies): Route {
  return {
    operation: healthOperation,
    async handle(_request, response) {
      const { containers, blocks, currentBlocks } = await store.totals();
      response.json({
        status: 'ok',
        monitored_containers: containers,
        total_blocks: blocks,
        current_blocks: currentBlocks,
        mode,
        ...(readings && { readings: await readings.intake.state() }),
        timestamp: isoTime(clock.now()),
      });
    },
  };
}

/** `GET /api/status`, as the API's description shows it. */
export const statusOperation: Operation = {
  method: 'GET',
  path: '/api/status',
  tag: 'health',
  summary: 'How recent the recorded data is',
  response: { description: 'Times of the last scrape and sample; null while there is none', schema: statusResponse },
};

/** `GET /api/status`: how recent the recording is. Times are null while nothing is recorded. */
export function statusRoute({ store, storeState, zoneOfNode, contracts, clock, mode }: ApiDependencies): Route {
  return {
    operation: statusOperation,
    async handle(_request, response) {
      const totals = await totalsOf(store, storeState);
      const { containers, lastMeasurement, lastScrape = lastMeasurement, pendingBlocks = 0 } = totals ?? NOTHING;
      const state = storeState?.();
      const spans = totals ? await store.containers() : [];
      const last = lastMeasurement === undefined ? null : isoTime(lastMeasurement);
      response.json({
        status: totals === undefined || state?.status === 'unavailable' ? 'degraded' : 'ok',
        last_scrape_time: lastScrape === undefined ? null : isoTime(lastScrape),
        last_measurement_time: last,
        has_data: lastMeasurement !== undefined,
        unique_container_keys: containers,
        unpriced_nodes: unpricedNodes(spans, zoneOfNode, clock.now()),
        ...(contracts && { contracts_without_effect: withoutEffect(contracts, spans, zoneOfNode, clock.now()) }),
        pending_db_blocks: pendingBlocks,
        mode,
        ...(state && { store: stateFields(state) }),
        timestamp: isoTime(clock.now()),
      });
    },
  };
}

const NOTHING: PowerTotals = { containers: 0, blocks: 0, currentBlocks: 0, lastMeasurement: undefined };

/** What the store holds; undefined where an embedded store cannot be used, which its state explains. */
async function totalsOf(
  store: ApiDependencies['store'],
  state: ApiDependencies['storeState'],
): Promise<PowerTotals | undefined> {
  try {
    return await store.totals();
  } catch (error) {
    if (state?.().status !== 'unavailable') throw error;
    return undefined;
  }
}

function stateFields({ status, detail, setAside, damagedRows }: SqliteFileState) {
  return { status, ...(detail !== undefined && { detail }), set_aside: setAside, damaged_rows: damagedRows };
}

/** Contracts that match nothing from now on, or make figures worse; which nodes there are is only known once some are recorded. */
function withoutEffect(
  contracts: Contracts,
  spans: readonly ContainerSpan[],
  zoneOfNode: ZoneOfNode,
  now: EpochMs,
): ContractIssue[] {
  const nodes = new Set(spans.map(({ container }) => container.node));
  const zones = new Set([...nodes].map(zoneOfNode).filter((zone) => zone !== undefined));
  return contractIssues(contracts, now, nodes.size === 0 ? undefined : zones);
}

/** Nodes whose power was recorded within the last hour and whose zone is not known: their energy has no grams. */
function unpricedNodes(spans: readonly ContainerSpan[], zoneOfNode: ZoneOfNode, now: EpochMs): string[] {
  const recent = new Set(spans.filter(({ last }) => last > now - HOUR_MS).map(({ container }) => container.node));
  return [...recent].filter((node) => zoneOfNode(node) === undefined).sort();
}
