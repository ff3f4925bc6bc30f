import { type EpochMs, HOUR_MS, hourOf } from '../../units.ts';
import type { Container, PowerSample, PowerTick, PowerWriter } from '../ports.ts';
import { millijoulesOf, refuseBroken } from '../sample-rules.ts';
import { foldHour } from './compaction.ts';
import type { Database } from './database.ts';
import { decodeTick, encodeTick, type StoredSample } from './tick-codec.ts';

/** The hour that a tick belongs to. Written into the SQL, because a bound number would make it a division of reals. */
const TICK_HOUR = `(t - 1) / ${HOUR_MS} * ${HOUR_MS}`;

/** Keeps container energy in SQLite. A tick of the same target and end is the same tick: a second delivery changes nothing. */
export class SqlitePowerWriter implements PowerWriter {
  readonly #database: Database;
  /** Numbers of series that are known to be stored. */
  readonly #series = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  async append({ target, samples }: PowerTick): Promise<void> {
    if (samples.length === 0) return;
    for (const sample of samples) refuseBroken(sample);
    const fresh = new Map<string, number>();
    this.#database.write(() => {
      const t = Math.max(...samples.map((sample) => sample.end));
      const first = Math.min(...samples.map((sample) => sample.start));
      const stored = samples.map((sample) => this.#stored(sample, fresh));
      this.#database.run('INSERT INTO target (name) VALUES (?) ON CONFLICT DO NOTHING', target);
      this.#database.run(
        'INSERT INTO tick (t, target, first, v) SELECT ?, id, ?, ? FROM target WHERE name = ? ON CONFLICT DO NOTHING',
        t,
        first,
        encodeTick(t, stored),
        target,
      );
    });
    // Numbers of a transaction that failed would not exist: they are remembered only now.
    for (const [key, id] of fresh) this.#series.set(key, id);
  }

  async compact(now: EpochMs): Promise<void> {
    const hours = this.#database.all<{ hour: number }>(
      `SELECT DISTINCT ${TICK_HOUR} AS hour FROM tick WHERE t <= ? ORDER BY hour`,
      hourOf(now),
    );
    for (const { hour } of hours) this.#database.write(() => foldHour(this.#database, hour));
  }

  async forgetBefore(time: EpochMs): Promise<number> {
    const cutoff = hourOf(time);
    const hours = this.#database.write(() => {
      const gone = this.#database.get<{ count: number }>(
        `SELECT count(*) AS count FROM (
           SELECT hour FROM hour WHERE hour < ?1 UNION SELECT hour FROM rollup WHERE hour < ?1
           UNION SELECT ${TICK_HOUR} FROM tick WHERE t <= ?1)`,
        cutoff,
      );
      for (const table of ['hour', 'timeline', 'chunk', 'rollup', 'intensity'])
        this.#database.run(`DELETE FROM ${table} WHERE hour < ?`, cutoff);
      this.#database.run('DELETE FROM tick WHERE t <= ?', cutoff);
      this.#forgetSeries(cutoff);
      return gone?.count ?? 0;
    });
    return hours;
  }

  #stored(sample: PowerSample, fresh: Map<string, number>): StoredSample {
    const { container, start, end } = sample;
    const key = `${container.namespace}\0${container.pod}\0${container.container}\0${container.node}`;
    let series = this.#series.get(key) ?? fresh.get(key);
    if (series === undefined) {
      series = this.#seriesOf(container, start, end);
      fresh.set(key, series);
    }
    return { series, start, end, millijoules: millijoulesOf(sample) };
  }

  #seriesOf({ namespace, pod, container, node }: Container, start: EpochMs, end: EpochMs): number {
    const row = this.#database.get<{ id: number }>(
      `INSERT INTO series (namespace, pod, container, node, first, last) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first = min(first, excluded.first) RETURNING id`,
      namespace,
      pod,
      container,
      node,
      start,
      end,
    );
    if (row === undefined) throw new Error('SQLite returned no number for a new series');
    return row.id;
  }

  #forgetSeries(cutoff: EpochMs): void {
    const old = this.#database.all<{ id: number }>('SELECT id FROM series WHERE last <= ?', cutoff);
    if (old.length > 0) {
      const alive = new Set<number>();
      for (const { t, v } of this.#database.each<{ t: number; v: Uint8Array }>('SELECT t, v FROM tick'))
        decodeTick(t, v, (series) => alive.add(series));
      for (const { id } of old) if (!alive.has(id)) this.#database.run('DELETE FROM series WHERE id = ?', id);
      this.#series.clear();
    }
    this.#database.run('UPDATE series SET first = ?1 WHERE first < ?1', cutoff);
  }
}
