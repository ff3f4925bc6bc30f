import pg from 'pg';
import type { Clock } from '../../runtime/clock.ts';
import type { Lease, LeasePurpose } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/logger.ts';
import { connectionSettings } from './database.ts';
import { DatabaseError, describeDsn } from './database-error.ts';
import { LEASE_LOCKS } from './locks.ts';

/** How a lease in a database is held. */
export interface DatabaseLeaseOptions {
  readonly dsn: string;
  /** Processes with the same name take turns, for each purpose on its own. */
  readonly name: string;
  readonly purpose: LeasePurpose;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the holder shows that it lives, and a standby asks, in milliseconds. */
  readonly beatMs?: number;
}

/** What the log says of whoever holds a lease and of who does not. */
const HELD: Record<LeasePurpose, string> = {
  recording: 'this process records',
  budgets: 'this process watches the carbon budgets',
  alerts: 'this process tells Slack about the grid data',
};
const STANDBY: Record<LeasePurpose, string> = {
  recording: 'another process records; this one stands by',
  budgets: 'another process watches the carbon budgets; this one stands by',
  alerts: 'another process tells Slack about the grid data; this one stands by',
};

const BEAT_MS = 5_000;
/** Beats that may fail before the server takes the lease from a holder that it hears nothing of. */
const MISSED_BEATS = 4;

/**
 * Holds a lease as an advisory lock on a connection of its own, which the server frees when the connection ends. While
 * the database is away nobody can be told: the holder then goes on, a process that never heard of another goes on too,
 * and a standby stands by. Samples recorded twice meanwhile are counted once, since the store takes a time only
 * once; an alert about the grid may then come twice.
 */
export function databaseLease(options: DatabaseLeaseOptions): Lease {
  const lease = new DatabaseLease(options);
  return lease;
}

class DatabaseLease implements Lease {
  readonly #options: DatabaseLeaseOptions;
  readonly #beatMs: number;
  readonly #stop = new AbortController();
  readonly #listeners: ((held: boolean) => void)[] = [];
  readonly #finished: Promise<void>;
  #state: 'unasked' | 'held' | 'standby' = 'unasked';
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
    await this.#finished;
  }

  async #run(): Promise<void> {
    const { clock, dsn, logger } = this.#options;
    while (!this.#stop.signal.aborted) {
      const client = new pg.Client({ ...connectionSettings(dsn), query_timeout: this.#beatMs });
      // Heard here so that it does not end the process; the next beat finds the connection gone.
      client.on('error', () => undefined);
      try {
        await client.connect();
        await this.#keep(client);
      } catch (error) {
        if (this.#reachable)
          logger.warn({ err: DatabaseError.from(describeDsn(dsn), error) }, 'the lease cannot be asked for');
        this.#reachable = false;
        if (this.#state === 'unasked') this.#become('held');
      }
      // A connection that hangs must not hang the process that ends it.
      await Promise.race([client.end().catch(() => undefined), clock.sleep(this.#beatMs)]);
      await clock.sleep(this.#beatMs, this.#stop.signal);
    }
  }

  /** Asks, or shows that the holder lives, until the connection breaks or the process stops. */
  async #keep(client: pg.Client): Promise<void> {
    const { clock, name, purpose } = this.#options;
    await client.query(`SET idle_session_timeout = ${this.#beatMs * MISSED_BEATS}`);
    let locked = false;
    while (!this.#stop.signal.aborted) {
      if (locked) await client.query('SELECT 1');
      else {
        const { rows } = await client.query<{ locked: boolean }>(
          'SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked',
          [LEASE_LOCKS[purpose], name],
        );
        locked = rows[0]?.locked === true;
        this.#become(locked ? 'held' : 'standby');
      }
      this.#reachable = true;
      await clock.sleep(this.#beatMs, this.#stop.signal);
    }
  }

  #become(state: 'held' | 'standby'): void {
    if (this.#state === state) return;
    this.#state = state;
    const { logger, name, purpose } = this.#options;
    logger.info({ lease: name }, state === 'held' ? HELD[purpose] : STANDBY[purpose]);
    for (const listener of this.#listeners) listener(state === 'held');
  }
}
