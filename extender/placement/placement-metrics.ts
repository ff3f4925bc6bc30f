import { Counter, Gauge, type Registry } from 'prom-client';
import { type InvalidAnnotation, UNKNOWN_ANNOTATION } from './annotations.ts';

/** What the placement metrics read at each scrape. */
export interface PlacementProbes {
  /** Milliseconds since the node watch last received anything from the API server; undefined before the first time. */
  readonly nodeWatchAgeMs?: () => number | undefined;
  /** Nodes above MAX_NODE_UTILISATION; 0 without that limit. */
  readonly fullNodes?: () => number;
}

/** Makes the metrics of placements: refusals, vetoes, chosen zones, ignored annotations, the node watch. */
export function createPlacementMetrics(registers: Registry[], { nodeWatchAgeMs, fullNodes }: PlacementProbes = {}) {
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name: `carbon_extender_${name}`, help, labelNames, registers });
  registerNodeWatch(registers, nodeWatchAgeMs);
  registerFullNodes(registers, fullNodes);
  const refused = counter(
    'refused_nodes_total',
    'Nodes that filter responses refused (or with mode advise would have refused), by reason: zones, max-intensity, cleaner-than',
    ['reason', 'mode'],
  );
  const vetoed = counter('vetoed_evictions_total', 'Evictions vetoed because the filter would refuse the node');
  const placed = counter('placed_pods_total', 'Pods that were bound after they had been ranked, by zone', ['zone']);
  const ignored = counter('ignored_annotations_total', 'Invalid annotations that were ignored, by name', [
    'annotation',
  ]);
  const unplaced = counter('unknown_zone_nodes_total', 'Nodes, each counted once, whose grid zone is not known');
  const events = counter(
    'pod_events_total',
    'Kubernetes Events by outcome: written, failed, limited (dropped by the rate limit)',
    ['outcome'],
  );
  const decisions = counter(
    'decision_records_total',
    'Placement decisions to be stored, by outcome: handed-over to the store, dropped because the store cannot keep up',
    ['outcome'],
  );
  return {
    /** Counts the nodes that one filter response refused. */
    countRefusals(mode: string, refusedNodes: ReadonlyMap<string, { readonly reason: string }>): void {
      for (const { reason } of refusedNodes.values()) refused.inc({ reason, mode });
    },
    /** Counts evictions that were vetoed. */
    countVetoes: (count: number): void => void (count > 0 && vetoed.inc(count)),
    /** Counts a pod that was bound to a node; the zone is `unknown` where it is not known. */
    countPlaced: (zone: string | undefined): void => placed.inc({ zone: zone ?? 'unknown' }),
    /** Counts annotations that were ignored; all unknown names count as `unknown`, for their number has no limit. */
    countIgnored(invalid: readonly InvalidAnnotation[]): void {
      for (const { annotation, problem } of invalid)
        ignored.inc({ annotation: problem === UNKNOWN_ANNOTATION ? 'unknown' : annotation });
    },
    /** Counts nodes that are new and have no zone. */
    countUnplaced: (count: number): void => unplaced.inc(count),
    /** Counts an Event by its outcome. */
    countEvent: (outcome: 'written' | 'failed' | 'limited'): void => events.inc({ outcome }),
    /** Counts placement decisions by what happened to them. */
    countDecisions: (outcome: 'handed-over' | 'dropped', count: number): void => decisions.inc({ outcome }, count),
  };
}

function registerNodeWatch(registers: Registry[], ageMs: (() => number | undefined) | undefined): void {
  new Gauge({
    name: 'carbon_extender_node_watch_age_seconds',
    help: 'Time since the node watch last received anything from the Kubernetes API; NaN before that, and when it is off',
    registers,
    collect() {
      const age = ageMs?.();
      this.set(age === undefined ? Number.NaN : age / 1_000);
    },
  });
}

function registerFullNodes(registers: Registry[], count: (() => number) | undefined): void {
  new Gauge({
    name: 'carbon_extender_full_nodes',
    help: 'Nodes that rank behind the others because their requested CPU or memory is above MAX_NODE_UTILISATION; 0 without that limit',
    registers,
    collect() {
      this.set(count?.() ?? 0);
    },
  });
}
