import { type EpochMs, hourOf } from '../../grid/units.ts';
import type { PodLabels, PowerSample, PowerTick, PowerWriter } from '../../records/power.ts';
import { millijoulesOf, refuseBroken } from '../../records/sample-rules.ts';
import { checksum } from './checksum.ts';
import { foldHour } from './compaction.ts';
import type { SqliteDatabase } from './database.ts';
import { KnownNumbers, type UsedNumbers } from './known-numbers.ts';
import { removeHoursBefore, removeHoursBeyond, TICK_HOUR } from './retention.ts';
import { StoredEnds } from './stored-ends.ts';
import { decodeTick, encodeTick, type StoredSample } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';

/**
 * Keeps container energy in SQLite. A container's time counts once, whichever processes write: of samples that overlap the
 * stored one stays, so that a second delivery changes nothing.
 */
export class SqlitePowerWriter implements PowerWriter {
  readonly #writer: () => SqliteDatabase;
  /** The database that the known numbers are of. */
  #knownOf: SqliteDatabase | undefined;
  readonly #known = new KnownNumbers();
  readonly #ends = new StoredEnds();

  constructor(writer: () => SqliteDatabase) {
    this.#writer = writer;
  }

  get #database(): SqliteDatabase {
    const database = this.#writer();
    if (database !== this.#knownOf) this.#forgetKnown();
    this.#knownOf = database;
    return database;
  }

  async append({ target, samples, scrapedAt }: PowerTick): Promise<void> {
    if (samples.length === 0 && scrapedAt === undefined) return;
    for (const sample of samples) refuseBroken(sample);
    const database = this.#database;
    const used = await database.writeSoon(() => {
      const numbers = this.#known.of(database, target, samples, scrapedAt);
      if (samples.length > 0) this.#tick(database, samples, numbers);
      return numbers;
    });
    if (database === this.#knownOf) this.#known.remember(used);
  }

  async recordLabels(pods: readonly PodLabels[], now: EpochMs): Promise<void> {
    await this.#database.writeSoon(() => {
      for (const { namespace, pod, labels } of pods)
        this.#database.run(
          'INSERT OR REPLACE INTO pod_labels (namespace, pod, labels, seen) VALUES (?, ?, ?, ?)',
          namespace,
          pod,
          JSON.stringify(labels),
          now,
        );
    });
  }

  async compact(now: EpochMs): Promise<void> {
    const hours = this.#database.all<{ hour: number }>(
      `SELECT DISTINCT ${TICK_HOUR} AS hour FROM tick WHERE t <= ? ORDER BY hour`,
      hourOf(now),
    );
    for (const { hour } of hours) {
      const database = this.#database;
      await database.writeSoon(() => foldHour(database, hour));
    }
  }

  async forgetBefore(time: EpochMs): Promise<number> {
    const database = this.#database;
    const cutoff = hourOf(time);
    const hours = await removeHoursBefore(database, cutoff);
    await this.#forgetNames(database, cutoff);
    return hours;
  }

  async forgetBeyond(maxBytes: number): Promise<number> {
    const database = this.#database;
    const removed = await removeHoursBeyond(database, maxBytes);
    if (removed === undefined) return 0;
    await this.#forgetNames(database, removed.before);
    return removed.hours;
  }

  async #forgetNames(database: SqliteDatabase, cutoff: EpochMs): Promise<void> {
    await database.writeSoon(() => {
      this.#forgetSeries(cutoff);
      database.run(
        `DELETE FROM pod_labels WHERE seen < ? AND NOT EXISTS (
           SELECT 1 FROM series WHERE series.namespace = pod_labels.namespace AND series.pod = pod_labels.pod)`,
        cutoff,
      );
    });
  }

  #forgetKnown(): void {
    this.#known.clear();
    this.#ends.clear();
  }

  #tick(database: SqliteDatabase, samples: readonly PowerSample[], { target, series }: UsedNumbers): void {
    let t = -Infinity;
    let first = Infinity;
    const given: StoredSample[] = [];
    for (const [place, sample] of samples.entries()) {
      const { start, end } = sample;
      t = Math.max(t, end);
      first = Math.min(first, start);
      given.push({ series: (series[place] as { id: number }).id, start, end, millijoules: millijoulesOf(sample) });
    }
    const stored = this.#ends.withoutOverlaps(database, given, { from: first, to: t });
    if (stored.length === 0) return;
    const v = encodeTick(t, stored);
    const sql = 'INSERT INTO tick (t, target, first, v, crc) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
    if (database.run(sql, t, target, first, v, checksum(v, t, target)) === 1) this.#ends.inserted(stored);
  }

  #forgetSeries(cutoff: EpochMs): void {
    const old = this.#database.all<{ id: number }>('SELECT id FROM series WHERE last <= ?', cutoff);
    if (old.length > 0) {
      const alive = new Set<number>();
      for (const { t, v } of ticksWhere(this.#database, 'TRUE')) decodeTick(t, v, (series) => alive.add(series));
      for (const { id } of old) if (!alive.has(id)) this.#database.run('DELETE FROM series WHERE id = ?', id);
      this.#forgetKnown();
    }
    this.#database.run('UPDATE series SET first = ?1 WHERE first < ?1', cutoff);
  }
}
