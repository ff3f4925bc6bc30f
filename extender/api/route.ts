import type { Request, RequestHandler, Response } from 'express';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ReadableStore } from '../../shared/store/ports.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import type { ApiMetrics } from './api-metrics.ts';

/** What the API's resources need. */
export interface ApiDependencies {
  readonly store: ReadableStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  /** Where the history is kept, for the health answers. */
  readonly mode: 'local' | 'db';
  /** Bearer token; undefined leaves the API open. */
  readonly token: string | undefined;
  /** Meter readings and sites; without it the API has no such resources. */
  readonly readings?: ReadingsApi;
}

/** One method of one path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** Answered without a token. */
  readonly open?: boolean;
  /** Reads the body; a small JSON value unless it is given. */
  readonly body?: readonly RequestHandler[];
  handle(request: Request, response: Response): Promise<void>;
}
