import type { Request, Response } from 'express';
import type { ServiceProfiles } from '../../shared/calculator/service-profiles.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { Decision } from '../../shared/store/decisions.ts';
import type { ReadableStore, TimeRange } from '../../shared/store/ports.ts';
import type { WorkloadStore } from '../../shared/store/workloads.ts';
import type { Zone } from '../../shared/zones.ts';
import type { ApiMetrics } from './api-metrics.ts';

/** What the API's resources need. */
export interface ApiDependencies {
  readonly store: ReadableStore;
  /** What services emitted, and carbon budgets. */
  readonly workloads: WorkloadStore;
  /** Energy profiles of services. */
  readonly profiles: ServiceProfiles;
  /** The grid zone of a node by the configuration; undefined when it names none. */
  readonly zoneOfNode: (node: string) => Zone | undefined;
  /** Recorded decisions of a range; absent where none are kept. */
  readonly decisions?: (range: TimeRange) => Promise<readonly Decision[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  /** Where the history is kept, for the health answers. */
  readonly mode: 'local' | 'db';
  /** Blocks that wait in the poller's spool for the database; undefined where the spool cannot be seen. */
  readonly pendingBlocks: () => Promise<number | undefined>;
  /** Bearer token; undefined leaves the API open. */
  readonly token: string | undefined;
}

/** One method of one path. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Answered without a token. */
  readonly open?: boolean;
  handle(request: Request, response: Response): Promise<void>;
}
