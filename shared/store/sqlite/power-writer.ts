import { type EpochMs, hourOf } from '../../grid/units.ts';
import type { Container, PodLabels, PowerSample, PowerTick, PowerWriter } from '../../records/power.ts';
import { containerKey, containerNames, powerFactsOf, samePowerFacts } from '../../records/power-facts.ts';
import { millijoulesOf, refuseBroken } from '../../records/sample-rules.ts';
import { checksum } from './checksum.ts';
import { foldHour } from './compaction.ts';
import type { SqliteDatabase } from './database.ts';
import { removeHoursBefore, removeHoursBeyond, TICK_HOUR } from './retention.ts';
import { StoredEnds } from './stored-ends.ts';
import { decodeTick, encodeTick, type StoredSample } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';

/** A series as the writer remembers it. */
interface KnownSeries {
  readonly id: number;
  /** The container as it was written last, with how its power is known. */
  readonly container: Container;
  /** Start of its oldest sample, as stored. */
  readonly first: EpochMs;
}

/**
 * Keeps container energy in SQLite. A container's time counts once, whichever processes write: of samples that overlap the
 * stored one stays, so that a second delivery changes nothing.
 */
export class SqlitePowerWriter implements PowerWriter {
  readonly #writer: () => SqliteDatabase;
  /** The database that the known series are of. */
  #known: SqliteDatabase | undefined;
  /** Series that are known to be stored. */
  readonly #series = new Map<string, KnownSeries>();
  readonly #ends = new StoredEnds();

  constructor(writer: () => SqliteDatabase) {
    this.#writer = writer;
  }

  get #database(): SqliteDatabase {
    const database = this.#writer();
    if (database !== this.#known) this.#forgetKnown();
    this.#known = database;
    return database;
  }

  async append({ target, samples, scrapedAt }: PowerTick): Promise<void> {
    if (samples.length === 0 && scrapedAt === undefined) return;
    for (const sample of samples) refuseBroken(sample);
    const fresh = new Map<string, KnownSeries>();
    await this.#database.writeSoon(() => {
      this.#database.run(
        `INSERT INTO target (name, scraped) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET scraped = max(coalesce(scraped, 0), excluded.scraped) WHERE excluded.scraped IS NOT NULL`,
        target,
        scrapedAt ?? null,
      );
      if (samples.length > 0) this.#tick(target, samples, fresh);
    });
    // Numbers of a transaction that failed would not exist: they are remembered only now.
    for (const [key, series] of fresh) this.#series.set(key, series);
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
    this.#series.clear();
    this.#ends.clear();
  }

  #tick(target: string, samples: readonly PowerSample[], fresh: Map<string, KnownSeries>): void {
    let t = -Infinity;
    let first = Infinity;
    for (const { start, end } of samples) {
      t = Math.max(t, end);
      first = Math.min(first, start);
    }
    const database = this.#database;
    const stored = this.#ends.withoutOverlaps(
      database,
      samples.map((sample) => this.#stored(sample, fresh)),
      { from: first, to: t },
    );
    if (stored.length === 0) return;
    const id = database.get<{ id: number }>('SELECT id FROM target WHERE name = ?', target)?.id ?? 0;
    const v = encodeTick(t, stored);
    const sql = 'INSERT INTO tick (t, target, first, v, crc) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
    if (database.run(sql, t, id, first, v, checksum(v, t, id)) === 1) this.#ends.inserted(stored);
  }

  #stored(sample: PowerSample, fresh: Map<string, KnownSeries>): StoredSample {
    const { container, start, end } = sample;
    const key = containerKey(container);
    let series = fresh.get(key) ?? this.#series.get(key);
    if (series === undefined || !samePowerFacts(series.container, container) || start < series.first) {
      series = this.#seriesOf(container, start, end);
      fresh.set(key, series);
    }
    return { series: series.id, start, end, millijoules: millijoulesOf(sample) };
  }

  #seriesOf(of: Container, start: EpochMs, end: EpochMs): KnownSeries {
    const { namespace, pod, container, node, device } = containerNames(of);
    const facts = powerFactsOf(of);
    const row = this.#database.get<{ id: number; first: EpochMs }>(
      `INSERT INTO series (namespace, pod, container, node, device, first, last, power_quality, power_model)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first = min(first, excluded.first), power_quality = excluded.power_quality,
         power_model = excluded.power_model RETURNING id, first`,
      namespace,
      pod,
      container,
      node,
      device,
      start,
      end,
      facts.power_quality,
      facts.power_model,
    );
    if (row === undefined) throw new Error('SQLite returned no number for a new series');
    return { ...row, container: of };
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
