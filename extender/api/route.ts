import type { Request, Response } from 'express';
import type { CacheState } from '../../shared/carbon-cache.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ReadableStore } from '../../shared/store/ports.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { LabelsOf } from './emissions/naming.ts';
import type { ZoneOfNode } from './emissions/pricing.ts';
import type { Operation } from './openapi/operation.ts';

/** What the API's resources need. */
export interface ApiDependencies {
  readonly store: ReadableStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  /** Where the history is kept, for the health answers. */
  readonly mode: 'local' | 'db';
  /** The carbon cache as of now; absent: not watched. */
  readonly cache?: () => CacheState;
  /** The grid zone of a node, for the emissions where containers ran. */
  readonly zoneOfNode: ZoneOfNode;
  /** Pods' labels; absent, or resolving to undefined, while none are recorded. */
  readonly labels?: () => Promise<LabelsOf | undefined>;
  /** Bearer token; undefined leaves the API open. */
  readonly token: string | undefined;
}

/** One method of one path. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Answered without a token. */
  readonly open?: boolean;
  /** What it takes and gives, for the API's description. */
  readonly operation?: Operation;
  handle(request: Request, response: Response): Promise<void>;
}
