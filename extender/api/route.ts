import type { Request, RequestHandler, Response } from 'express';
import type { ServiceProfiles } from '../../shared/calculator/service-profiles.ts';
import type { Contracts } from '../../shared/emissions/contracts.ts';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Facility } from '../../shared/records/facility.ts';
import type { DecisionReader } from '../../shared/records/placements.ts';
import type { ReadableStore } from '../../shared/records/power.ts';
import type { WorkloadStore } from '../../shared/records/workloads.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { SqliteFileState } from '../../shared/store/sqlite/file.ts';
import type { WaitingList } from '../deferral/waiting-list.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { BrowserGuardOptions } from './browser-guard.ts';
import type { LabelsOf } from './emissions/naming.ts';
import type { Operation } from './openapi/operation.ts';

/** What the API's resources need. */
export interface ApiDependencies {
  readonly store: ReadableStore;
  /** Whether the embedded store can be used, and what of it was set aside; absent with a database. */
  readonly storeState?: (() => SqliteFileState) | undefined;
  /** What services emitted, and carbon budgets. */
  readonly workloads: WorkloadStore;
  /** Energy profiles of services. */
  readonly profiles: ServiceProfiles;
  /** The grid zone of a node: as its object has or last had it, else from the configuration; undefined when unknown. */
  readonly zoneOfNode: ZoneOfNode;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  /** Where the history is kept, for the health responses. */
  readonly mode: 'local' | 'db';
  /** The carbon cache as of now; absent: not watched. */
  readonly cache?: () => CacheState;
  /** Pods' labels; absent, or resolving to undefined, while none are recorded. */
  readonly labels?: () => Promise<LabelsOf | undefined>;
  /** Where pods were placed; absent: not recorded. */
  readonly decisions?: DecisionReader;
  /** What waits for a cleaner hour; absent: no deferral controller runs beside this API. */
  readonly waiting?: () => WaitingList;
  /** Bearer token; undefined leaves the API open. */
  readonly token: string | undefined;
  /** Requests per second that one address may make; 0 or absent sets no limit. */
  readonly requestsPerSecond?: number;
  /** Names and origins that browsers may use; absent: those that need no setting. */
  readonly browsers?: BrowserGuardOptions;
  /** Price of a kilowatt-hour by zone; absent: none is known. */
  readonly prices?: ReadonlyMap<Zone, number>;
  /** What is known of the buildings and the making of nodes; absent: nothing. */
  readonly facility?: () => Promise<Facility>;
  /** Certificates and PPAs; absent: none, and no market-based figures. */
  readonly contracts?: Contracts | undefined;
  /** Currency of the prices (ISO 4217); absent: none is configured. */
  readonly currency?: string | undefined;
  /** Name of the cluster in rows; absent: as OpenCost calls one without a name. */
  readonly cluster?: string;
  /** Heap limit of this thread in MiB, which bounds the exports at once; absent: the default. */
  readonly heapMb?: number;
  /** Meter readings and sites; without it the API has no such resources. */
  readonly readings?: ReadingsApi;
}

/** One method of one path, with what handles its requests. */
export interface Route {
  readonly operation: Operation;
  /** Reads the body; a small JSON value unless it is given. */
  readonly readBody?: readonly RequestHandler[];
  handle(request: Request, response: Response): Promise<void>;
}
