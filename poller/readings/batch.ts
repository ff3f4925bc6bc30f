import type { MeterReadingsWriter, StoredReading } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { RedisConnection } from '../../shared/runtime/redis.ts';
import type { ListBounds } from '../../shared/store/stream/commit.ts';
import type { StreamEntry } from '../../shared/store/stream/entry.ts';
import type { ReadingsMetrics } from './readings-metrics.ts';

/** An entry of the stream that was handed to this worker. */
export interface StreamDelivery extends StreamEntry {
  /** How often it was handed to a worker, this time included. */
  readonly deliveries: number;
}

/** A delivery that holds a valid reading. */
export interface ReadingDelivery {
  readonly delivery: StreamDelivery;
  readonly reading: StoredReading;
}

/** What a worker needs to process batches. */
export interface BatchOptions {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  /** Failed deliveries after which an entry goes to the dead letters. */
  readonly maxDeliveries: number;
  readonly bounds: ListBounds;
  /** Length of the stream up to which finished entries stay in it. */
  readonly keep: number;
  readonly redis: RedisConnection;
  readonly store: MeterReadingsWriter;
  readonly metrics: ReadingsMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}
