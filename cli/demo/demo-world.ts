import { type Zone, zone } from '../../shared/grid/zones.ts';

/** A node of the demo with its grid zone. */
export interface DemoNode {
  readonly node: string;
  readonly zone: string;
}

/** A service of the demo, which runs all the time. */
export interface DemoService {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Mean power of one replica. */
  readonly watts: number;
  /** Its pods are of a StatefulSet and numbered: `checkout-0`. */
  readonly stateful?: true;
}

/** A batch job of the demo. */
export interface DemoJob {
  readonly namespace: string;
  readonly name: string;
  readonly watts: number;
  readonly hours: number;
  /** Value of the annotation `max-delay`; absent: it starts at once. */
  readonly maxDelayHours?: number;
  /** Zone that its data is in, the value of its annotation `zones`; absent: it may run anywhere. */
  readonly zone?: Zone;
  /** Hours of the day (UTC) at which it arrives in the history. */
  readonly arrivals: readonly number[];
}

/** Nodes in four zones of the trace, two in each. */
export const DEMO_NODES: readonly DemoNode[] = ['ES', 'DE', 'PL', 'US-NW-BPAT'].flatMap((zone, index) =>
  [1, 2].map((number) => ({ node: `simulated-node-${2 * index + number}`, zone })),
);

/** Zones of the demo's nodes. */
export const DEMO_ZONES: readonly Zone[] = [...new Set(DEMO_NODES.map((each) => zone(each.zone)))];

/** Services, by their namespaces. */
export const DEMO_SERVICES: readonly DemoService[] = [
  { namespace: 'simulated-shop', name: 'checkout', replicas: 3, watts: 14, stateful: true },
  { namespace: 'simulated-shop', name: 'search', replicas: 2, watts: 26 },
  { namespace: 'simulated-shop', name: 'catalog', replicas: 2, watts: 9 },
  { namespace: 'simulated-media', name: 'stream', replicas: 2, watts: 38 },
  { namespace: 'simulated-media', name: 'thumbnails', replicas: 1, watts: 21 },
  { namespace: 'simulated-platform', name: 'gateway', replicas: 2, watts: 7 },
];

/** Batch jobs: some may wait for a cleaner hour, one of them in pieces, and one starts at once. */
export const DEMO_JOBS: readonly DemoJob[] = [
  { namespace: 'simulated-batch', name: 'nightly-report', watts: 90, hours: 2, maxDelayHours: 12, arrivals: [0] },
  { namespace: 'simulated-batch', name: 'train-model', watts: 310, hours: 4, maxDelayHours: 24, arrivals: [6] },
  { namespace: 'simulated-batch', name: 'reindex', watts: 120, hours: 1, maxDelayHours: 24, arrivals: [3, 15] },
  { namespace: 'simulated-media', name: 'transcode', watts: 160, hours: 2, maxDelayHours: 16, arrivals: [9, 20] },
  { namespace: 'simulated-media', name: 'archive', watts: 70, hours: 6, maxDelayHours: 36, arrivals: [12] },
  { namespace: 'simulated-shop', name: 'invoice-run', watts: 60, hours: 1, arrivals: [5, 17] },
];

/** What a pause costs the jobs below, by their annotations. */
export const DEMO_PAUSE = { minRunMinutes: 15, restartSeconds: 36 } as const;

/** Long batch work that may be paused: the first of these shapes of which a run is paused in the hour of the start is used. */
export const DEMO_PAUSABLE_JOBS: readonly DemoJob[] = [
  { namespace: 'simulated-batch', name: 'render', watts: 180, hours: 8, maxDelayHours: 24, arrivals: [] },
  { namespace: 'simulated-batch', name: 'fold-proteins', watts: 240, hours: 16, maxDelayHours: 32, arrivals: [] },
  { namespace: 'simulated-batch', name: 'compact-archive', watts: 130, hours: 4, maxDelayHours: 24, arrivals: [] },
  { namespace: 'simulated-batch', name: 'backfill', watts: 90, hours: 12, maxDelayHours: 12, arrivals: [] },
  { namespace: 'simulated-batch', name: 'crawl', watts: 60, hours: 3, maxDelayHours: 36, arrivals: [] },
];
