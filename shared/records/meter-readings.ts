import type { EpochMs } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { MeterReading } from './meter-reading.ts';
import type { TimeRange } from './power.ts';

/** A reading with the number of the stream entry (or of the direct delivery) that brought it first. */
export interface StoredReading extends MeterReading {
  readonly streamId: string;
}

/** Where a page of readings ended: the next page starts right after it. */
export interface MeterReadingsCursor {
  readonly timestamp: EpochMs;
  readonly deviceId: string;
}

/** A site that has a zone or readings. */
export interface Site {
  readonly siteId: string;
  /** Zone that the site was given through the API; undefined when it was given none. */
  readonly zone: Zone | undefined;
  readonly devices: number;
  /** Times of the oldest and newest reading; undefined while there is none. */
  readonly first: EpochMs | undefined;
  readonly last: EpochMs | undefined;
}

/** A delivery that may be repeated: the answer to the first one is remembered under its key until a time. */
export interface KeyedDelivery {
  readonly key: string;
  /** Kept with the key and given back to repetitions: what the first delivery was, as the caller writes it. */
  readonly note: string;
  readonly now: EpochMs;
  readonly expires: EpochMs;
}

/** What is remembered of the first delivery under a key. */
export interface RememberedDelivery {
  readonly note: string;
  readonly streamIds: readonly string[];
}

/** Keeps meter readings. */
export interface MeterReadingsWriter {
  /**
   * Durable when it resolves. The first reading of a natural key stays. For each reading: whether the one that is
   * kept came with its stream number, so that the same entry delivered twice is told from a repetition by the sender.
   * A reading that no store can hold is refused with a RangeError; any other error is the store's own trouble.
   */
  appendReadings(readings: readonly StoredReading[]): Promise<boolean[]>;
  /** The same under a key: a repetition writes nothing and gets what is remembered. */
  appendReadingsOnce(readings: readonly StoredReading[], delivery: KeyedDelivery): Promise<RememberedDelivery>;
  /** Forgets readings that were both measured and received before a time, and keys that expired by then; returns the number of readings. */
  forgetReadingsBefore(time: EpochMs): Promise<number>;
  /** Gives a site a zone; undefined takes it away. */
  putSite(siteId: string, zone: Zone | undefined): Promise<void>;
}

/** Reads meter readings. */
export interface MeterReadingsReader {
  /** At most `limit` readings of a site, by time, then device. */
  readings(siteId: string, range: TimeRange, limit: number, after?: MeterReadingsCursor): Promise<StoredReading[]>;
  /** All sites by name. */
  sites(): Promise<Site[]>;
  /** One site; undefined when it has neither zone nor readings. */
  site(siteId: string): Promise<Site | undefined>;
}

/** Meter readings and sites, with a connection of their own. */
export type MeterReadingsStore = MeterReadingsWriter & MeterReadingsReader;
