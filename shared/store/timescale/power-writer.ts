import { type EpochMs, HOUR_MS, hourOf } from '../../grid/units.ts';
import type { PodLabels, PowerTick, PowerWriter } from '../../records/power.ts';
import { refuseBroken } from '../../records/sample-rules.ts';
import type { TimescaleDatabase } from './database.ts';
import { DatabaseError } from './database-error.ts';
import { foldDays, forgetDays } from './folded-days.ts';
import { LOCKS } from './locks.ts';
import { SeriesNumbers } from './series.ts';
import { writeSamples } from './write-samples.ts';

/** Samples written in one transaction at most, unless one tick alone holds more. */
const SAMPLES_AT_A_TIME = 50_000;

interface Waiting {
  readonly tick: PowerTick;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Keeps container energy in PostgreSQL. Ticks that wait while a transaction runs share the next one, in order. */
export class TimescalePowerWriter implements PowerWriter {
  readonly #database: TimescaleDatabase;
  readonly #series = new SeriesNumbers();
  readonly #waiting: Waiting[] = [];
  #writing = false;

  constructor(database: TimescaleDatabase) {
    this.#database = database;
  }

  async append(tick: PowerTick): Promise<void> {
    if (tick.samples.length === 0 && tick.scrapedAt === undefined) return;
    for (const sample of tick.samples) refuseBroken(sample);
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ tick, resolve, reject }));
    if (!this.#writing) void this.#writeWaiting();
    return written;
  }

  async recordLabels(pods: readonly PodLabels[], now: EpochMs): Promise<void> {
    const newest = [...new Map(pods.map((one) => [`${one.namespace}/${one.pod}`, one])).values()];
    if (newest.length === 0) return;
    await this.#database.query(
      `INSERT INTO pod_labels (namespace, pod, labels, seen)
       SELECT namespace, pod, labels, $4 FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS given (namespace, pod, labels)
       ON CONFLICT (namespace, pod) DO UPDATE SET labels = excluded.labels, seen = excluded.seen`,
      [
        newest.map(({ namespace }) => namespace),
        newest.map(({ pod }) => pod),
        newest.map(({ labels }) => JSON.stringify(labels)),
        new Date(now),
      ],
    );
  }

  async compact(now: EpochMs): Promise<void> {
    await this.#database.transaction(async (connection) => {
      await connection.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.samples);
      const days = [0, 1, 2].map((day) => new Date(now + day * 24 * HOUR_MS));
      await connection.query('SELECT power_make_partition(day) FROM unnest($1::timestamptz[]) AS day', [days]);
      await connection.query(
        `INSERT INTO power_closed_hour (hour, blocks)
         SELECT hour, sum(bit_count(minutes::bit(64))) FROM power_hour
         WHERE hour < $1 AND NOT EXISTS (SELECT FROM power_closed_hour AS closed WHERE closed.hour = power_hour.hour)
         GROUP BY hour`,
        [new Date(hourOf(now))],
      );
    });
    await foldDays(this.#database, now);
  }

  async forgetBefore(time: EpochMs): Promise<number> {
    const cutoff = new Date(hourOf(time));
    const hours = await this.#database.transaction(async (connection) => {
      await connection.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.samples);
      await connection.query('UPDATE power_horizon SET forgotten_before = greatest(forgotten_before, $1)', [cutoff]);
      const gone = await connection.query<{ hours: number }>(
        `WITH gone AS (DELETE FROM power_hour WHERE hour < $1 RETURNING hour)
         SELECT count(DISTINCT hour)::integer AS hours FROM gone`,
        [cutoff],
      );
      await connection.query('DELETE FROM power_closed_hour WHERE hour < $1', [cutoff]);
      await forgetDays(connection, cutoff);
      await connection.query(
        'DELETE FROM power_series WHERE NOT EXISTS (SELECT FROM power_hour WHERE series_id = id AND minutes <> 0)',
      );
      await connection.query(
        `DELETE FROM pod_labels AS known WHERE seen < $1 AND NOT EXISTS (
           SELECT FROM power_series AS series WHERE series.namespace = known.namespace AND series.pod = known.pod)`,
        [cutoff],
      );
      for (const table of ['co2e_emissions', 'co2e_marginal_emissions'])
        await connection.query(`DELETE FROM ${table} WHERE "timestamp" < $1`, [cutoff]);
      return gone.rows[0]?.hours ?? 0;
    });
    if (hours > 0) this.#series.forget();
    await this.#database.transaction(async (connection) => {
      // Dropping waits for readers of those days; in vain it would hold up all others behind it.
      await connection.query("SET LOCAL lock_timeout = '5s'");
      await connection.query('SELECT power_drop_days_before($1)', [cutoff]);
    });
    return hours;
  }

  async #writeWaiting(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#write(this.#nextBatch());
    this.#writing = false;
  }

  #nextBatch(): Waiting[] {
    let samples = 0;
    let count = 0;
    for (const { tick } of this.#waiting) {
      if (count > 0 && samples + tick.samples.length > SAMPLES_AT_A_TIME) break;
      samples += tick.samples.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const ticks = batch.map(({ tick }) => tick);
      const written = await this.#database.transaction((connection) => writeSamples(connection, ticks, this.#series));
      this.#series.remember(written);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // One tick that the database will never take must not take others down with it.
      if (batch.length > 1 && error instanceof DatabaseError && error.kind === 'data')
        for (const single of batch) await this.#write([single]);
      else for (const { reject } of batch) reject(error);
    }
  }
}
