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
}

/** A batch job of the demo. */
export interface DemoJob {
  readonly namespace: string;
  readonly name: string;
  readonly watts: number;
  readonly hours: number;
  /** Value of the annotation `max-delay`; absent: it starts at once. */
  readonly maxDelayHours?: number;
  /** Value of the annotation `zones`: where its data is; absent: anywhere. */
  readonly zones?: string;
  /** Hours of the day (UTC) at which it arrives in the history. */
  readonly arrivals: readonly number[];
}

/** Nodes in four zones of the trace, two in each. */
export const DEMO_NODES: readonly DemoNode[] = ['ES', 'DE', 'PL', 'US-NW-BPAT'].flatMap((zone, index) =>
  [1, 2].map((number) => ({ node: `simulated-node-${2 * index + number}`, zone })),
);

/** Services, by their namespaces. */
export const DEMO_SERVICES: readonly DemoService[] = [
  { namespace: 'simulated-shop', name: 'checkout', replicas: 3, watts: 14 },
  { namespace: 'simulated-shop', name: 'search', replicas: 2, watts: 26 },
  { namespace: 'simulated-shop', name: 'catalog', replicas: 2, watts: 9 },
  { namespace: 'simulated-media', name: 'stream', replicas: 2, watts: 38 },
  { namespace: 'simulated-media', name: 'thumbnails', replicas: 1, watts: 21 },
  { namespace: 'simulated-platform', name: 'gateway', replicas: 2, watts: 7 },
];

/** Batch jobs: some may wait for a cleaner hour, some start at once. Tied to zones whose clean hours differ, some wait at any hour. */
export const DEMO_JOBS: readonly DemoJob[] = [
  {
    namespace: 'simulated-batch',
    name: 'nightly-report',
    watts: 90,
    hours: 2,
    maxDelayHours: 12,
    zones: 'ES',
    arrivals: [0],
  },
  {
    namespace: 'simulated-batch',
    name: 'train-model',
    watts: 310,
    hours: 4,
    maxDelayHours: 24,
    zones: 'DE',
    arrivals: [6],
  },
  {
    namespace: 'simulated-batch',
    name: 'reindex',
    watts: 120,
    hours: 1,
    maxDelayHours: 12,
    zones: 'PL,DE',
    arrivals: [3, 15],
  },
  {
    namespace: 'simulated-media',
    name: 'transcode',
    watts: 160,
    hours: 2,
    maxDelayHours: 16,
    zones: 'US-NW-BPAT',
    arrivals: [9, 20],
  },
  { namespace: 'simulated-shop', name: 'invoice-run', watts: 60, hours: 1, arrivals: [5, 17] },
];
