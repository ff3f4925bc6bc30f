import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { STORE_ERRORS } from '../../errors/store-errors.ts';
import { type Clock, settledWithin } from '../../runtime/clock.ts';
import type { Lease, LeasePurpose } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { TimescaleDatabase } from './database.ts';

/** How a lease in a database is held. */
export interface DatabaseLeaseOptions {
  /** The database, with a time limit of about one beat. */
  readonly database: TimescaleDatabase;
  /** Processes with the same name take turns, for each purpose on its own. */
  readonly name: string;
  readonly purpose: LeasePurpose;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the holder renews the lease, and a standby tries to take it, in milliseconds. */
  readonly beatMs?: number;
}

const HELD: Record<LeasePurpose, string> = {
  recording: 'this process records',
  budgets: 'this process watches the carbon budgets',
  alerts: 'this process alerts Slack about the grid data',
};
const STANDBY: Record<LeasePurpose, string> = {
  recording: 'another process records; this one is on standby',
  budgets: 'another process watches the carbon budgets; this one is on standby',
  alerts: 'another process alerts Slack about the grid data; this one is on standby',
};

/** Default of {@link DatabaseLeaseOptions.beatMs}. */
export const BEAT_MS = 5_000;
/** Beats after which a lease that was not renewed may be taken over. */
const BEATS_TO_EXPIRY = 4;

const ACQUIRE = `INSERT INTO carbon_leases AS kept (purpose, name, holder, expires_at)
  VALUES ($1, $2, $3, clock_timestamp() + $4 * INTERVAL '1 millisecond')
  ON CONFLICT (purpose, name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE kept.holder = excluded.holder OR kept.expires_at < clock_timestamp() RETURNING holder`;
const RELEASE = 'DELETE FROM carbon_leases WHERE purpose = $1 AND name = $2 AND holder = $3';
const HOLDER = 'SELECT holder FROM carbon_leases WHERE purpose = $1 AND name = $2';

/**
 * Holds a lease as a row that the holder renews and that expires by the server's clock: no session is involved, so it
 * also works behind a transaction pooler. While the database is away a holder goes on, so does a process that never
 * reached the database, and a standby stands by. Samples recorded twice meanwhile are counted once, since the store
 * takes a time only once; an alert about the grid may then be sent twice.
 */
export class DatabaseLease implements Lease {
  readonly #options: DatabaseLeaseOptions;
  readonly #beatMs: number;
  readonly #holder = `${hostname()}/${process.pid}/${randomUUID()}`;
  readonly #stop = new AbortController();
  readonly #listeners: ((held: boolean) => void)[] = [];
  readonly #finished: Promise<void>;
  #state: 'unknown' | 'held' | 'standby' = 'unknown';
  #reachable = true;

  constructor(options: DatabaseLeaseOptions) {
    this.#options = options;
    this.#beatMs = options.beatMs ?? BEAT_MS;
    this.#finished = this.#run();
  }

  get held(): boolean {
    return this.#state === 'held';
  }

  onChange(listener: (held: boolean) => void): void {
    this.#listeners.push(listener);
    if (this.held) listener(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    // A database that does not respond has nothing to release.
    if (this.#reachable) await this.#finished;
    const { database, purpose, name, clock } = this.#options;
    // The standby need not wait for the expiry; a database that hangs must not hang the process that ends.
    const released = database.query(RELEASE, [purpose, name, this.#holder]).catch(() => undefined);
    if (this.#reachable && this.held) await settledWithin(clock, this.#beatMs, released);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      const beat = this.#beat();
      await Promise.race([beat, clock.sleep(this.#beatMs, this.#stop.signal)]);
      // Not known yet, and no answer: what nobody contradicts goes on.
      if (this.#state === 'unknown' && !this.#reachable) this.#become('held');
      await Promise.all([beat, clock.sleep(this.#beatMs, this.#stop.signal)]);
    }
  }

  async #beat(): Promise<void> {
    const { database, purpose, name, logger } = this.#options;
    try {
      const [own] = await database.query(ACQUIRE, [purpose, name, this.#holder, this.#beatMs * BEATS_TO_EXPIRY]);
      if (own !== undefined) this.#become('held');
      else {
        const [other] = await database.query<{ holder: string }>(HOLDER, [purpose, name]);
        this.#become('standby', other?.holder);
      }
      this.#reachable = true;
    } catch (err) {
      if (this.#reachable && !this.#stop.signal.aborted)
        logger.warn({ code: 'LEASE_UNREACHABLE', err, lease: name, purpose }, STORE_ERRORS.LEASE_UNREACHABLE.message);
      this.#reachable = false;
      if (this.#state === 'unknown') this.#become('held');
    }
  }

  #become(state: 'held' | 'standby', holder?: string): void {
    if (this.#state === state) return;
    this.#state = state;
    const { logger, name, purpose } = this.#options;
    // The random part of a holder is for the database alone.
    const by = holder?.split('/').slice(0, 2).join('/');
    logger.info({ lease: name, ...(by && { holder: by }) }, state === 'held' ? HELD[purpose] : STANDBY[purpose]);
    for (const listener of this.#listeners) listener(state === 'held');
  }
}
