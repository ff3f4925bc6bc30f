import type { EpochMs } from '../../grid/units.ts';
import type { Container, PowerSample } from '../../records/power.ts';
import { containerKey, containerNames, powerFactsOf, samePowerFacts } from '../../records/power-facts.ts';
import type { SqliteDatabase } from './database.ts';

/** A series as the writer of a process remembers it. */
interface KnownSeries {
  readonly id: number;
  /** The container as it was written last, with how its power is known. */
  readonly container: Container;
  /** Start of its oldest sample, as stored. */
  readonly first: EpochMs;
}

/** A target with the series of its last tick, in the order of the samples. */
interface KnownTarget {
  readonly id: number;
  readonly series: readonly KnownSeries[];
  /** What the number of changes was then. */
  readonly changes: number;
}

/** Numbers that a transaction used; {@link KnownNumbers.remember} them once it lasts. */
export interface UsedNumbers {
  readonly name: string;
  /** Number of the target. */
  readonly target: number;
  /** The series of each sample. */
  readonly series: readonly KnownSeries[];
  /** Series that were written, by the key of their container. */
  readonly written: ReadonlyMap<string, KnownSeries>;
}

/** The numbers of targets and series that a process has written, so that a tick of the same ones reads neither table. */
export class KnownNumbers {
  readonly #series = new Map<string, KnownSeries>();
  readonly #targets = new Map<string, KnownTarget>();
  /** How often what is known of a series was replaced. */
  #changes = 0;

  /** Numbers of a target and of its samples' series, which are written where they are new or have changed. Call it within a transaction. */
  of(
    database: SqliteDatabase,
    name: string,
    samples: readonly PowerSample[],
    scrapedAt: EpochMs | undefined,
  ): UsedNumbers {
    const known = this.#targets.get(name);
    const target = known?.id ?? insertTarget(database, name);
    if (scrapedAt !== undefined) {
      const sql = 'UPDATE target SET scraped = ?1 WHERE id = ?2 AND coalesce(scraped, 0) < ?1';
      database.run(sql, scrapedAt, target);
    }
    const last = known?.changes === this.#changes ? known.series : [];
    const written = new Map<string, KnownSeries>();
    const series = samples.map((sample, place) => this.#of(database, sample, last[place], written));
    return { name, target, series, written };
  }

  /** Takes in numbers whose transaction lasts: others would not exist. */
  remember({ name, target, series, written }: UsedNumbers): void {
    for (const [key, one] of written) {
      if (this.#series.has(key)) this.#changes += 1;
      this.#series.set(key, one);
    }
    this.#targets.set(name, { id: target, series, changes: this.#changes });
  }

  /** Forgets everything: the numbers mean other things now. */
  clear(): void {
    this.#series.clear();
    this.#targets.clear();
  }

  #of(
    database: SqliteDatabase,
    sample: PowerSample,
    inPlace: KnownSeries | undefined,
    written: Map<string, KnownSeries>,
  ): KnownSeries {
    const { container } = sample;
    // Scrapes of a target are alike: to compare names costs less than to make a key of them.
    if (inPlace !== undefined && isSameName(inPlace.container, container) && isUnchanged(inPlace, sample))
      return inPlace;
    const key = containerKey(container);
    const known = written.get(key) ?? this.#series.get(key);
    if (known !== undefined && isUnchanged(known, sample)) return known;
    const series = writeSeries(database, sample);
    written.set(key, series);
    return series;
  }
}

function isSameName(one: Container, other: Container): boolean {
  if (one === other) return true;
  return (
    one.pod === other.pod &&
    one.container === other.container &&
    one.namespace === other.namespace &&
    one.node === other.node &&
    one.device === other.device
  );
}

function isUnchanged({ container, first }: KnownSeries, sample: PowerSample): boolean {
  return sample.start >= first && samePowerFacts(container, sample.container);
}

function insertTarget(database: SqliteDatabase, name: string): number {
  database.run('INSERT INTO target (name) VALUES (?) ON CONFLICT DO NOTHING', name);
  return database.get<{ id: number }>('SELECT id FROM target WHERE name = ?', name)?.id ?? 0;
}

function writeSeries(database: SqliteDatabase, { container: of, start, end }: PowerSample): KnownSeries {
  const { namespace, pod, container, node, device } = containerNames(of);
  const facts = powerFactsOf(of);
  const row = database.get<{ id: number; first: EpochMs }>(
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
