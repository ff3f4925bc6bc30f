import { Counter, Gauge, type Registry } from 'prom-client';

/** What the placement metrics are asked for at each scrape. */
export interface PlacementProbes {
  /** Milliseconds since the node watch last heard of the API server; undefined while it has not. */
  readonly nodeWatchAgeMs?: () => number | undefined;
}

/** Makes the metrics of placements: refusals, vetoes, chosen zones, ignored annotations, the node watch. */
export function createPlacementMetrics(registers: Registry[], { nodeWatchAgeMs }: PlacementProbes = {}) {
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name: `carbon_extender_${name}`, help, labelNames, registers });
  registerNodeWatch(registers, nodeWatchAgeMs);
  const refused = counter(
    'refused_nodes_total',
    'Nodes that filter answers refused (or with mode advise would have refused), by cause: zones, max-intensity, cleaner-than',
    ['cause', 'mode'],
  );
  const vetoed = counter('vetoed_evictions_total', 'Evictions vetoed because the filter would refuse the node');
  const placed = counter('placed_pods_total', 'Pods that were bound after they had been ranked here, by zone', [
    'zone',
  ]);
  const ignored = counter('ignored_annotations_total', 'Annotations that could not be read, by name', ['annotation']);
  const unplaced = counter('unknown_zone_nodes_total', 'Nodes, each counted once, that no rule gives a grid zone');
  const events = counter(
    'pod_events_total',
    'Kubernetes Events about placements by outcome: written, failed, limited (left out by the rate limit)',
    ['outcome'],
  );
  const decisions = counter(
    'decision_records_total',
    'Decision records by outcome: handed over to be stored, dropped because storing them does not keep up',
    ['outcome'],
  );
  return {
    /** Counts the nodes that one filter answer refused. */
    countRefusals(mode: string, refusedNodes: ReadonlyMap<string, { readonly cause: string }>): void {
      for (const { cause } of refusedNodes.values()) refused.inc({ cause, mode });
    },
    /** Counts evictions that were vetoed. */
    countVetoes: (count: number): void => void (count > 0 && vetoed.inc(count)),
    /** Counts a pod that was bound to a node; the zone is `unknown` where nobody knows it. */
    countPlaced: (zone: string | undefined): void => placed.inc({ zone: zone ?? 'unknown' }),
    /** Counts an annotation that was ignored. */
    countIgnored: (annotation: string): void => ignored.inc({ annotation }),
    /** Counts nodes that are new and have no zone. */
    countUnplaced: (count: number): void => unplaced.inc(count),
    /** Counts an Event by what became of it. */
    countEvent: (outcome: 'written' | 'failed' | 'limited'): void => events.inc({ outcome }),
    /** Counts decision records by what became of them. */
    countDecisions: (outcome: 'handed-over' | 'dropped', count: number): void => decisions.inc({ outcome }, count),
  };
}

function registerNodeWatch(registers: Registry[], ageMs: (() => number | undefined) | undefined): void {
  new Gauge({
    name: 'carbon_extender_node_watch_age_seconds',
    help: 'Time since the node watch last heard of the Kubernetes API; NaN while it has not or is off',
    registers,
    collect() {
      const age = ageMs?.();
      this.set(age === undefined ? Number.NaN : age / 1_000);
    },
  });
}
