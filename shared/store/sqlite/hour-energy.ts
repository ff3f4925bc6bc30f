import { type EpochMs, HOUR_MS, hourOf } from '../../grid/units.ts';
import { splitByHour } from '../blocks.ts';
import { type CheckedBlob, checksum, isIntact } from './checksum.ts';
import type { SqliteDatabase } from './database.ts';
import { decodeEnergy, encodeEnergy, type SeriesEnergy } from './energy-codec.ts';

/** Adds up energy by hour and series. */
export class HourEnergy {
  readonly hours = new Map<EpochMs, Map<number, SeriesEnergy>>();
  #hour = Number.NaN;
  #ofHour = new Map<number, SeriesEnergy>();

  /** Adds a sample, shared out among the hours that it touches. */
  sample(series: number, start: EpochMs, end: EpochMs, millijoules: number): void {
    const hour = hourOf(start);
    if (end <= hour + HOUR_MS) this.add(hour, series, millijoules, end - start);
    else splitByHour(start, end, millijoules, (at, share, ms) => this.add(at, series, share, ms));
  }

  /** Adds energy of one hour. */
  add(hour: EpochMs, series: number, millijoules: number, coveredMs: number): void {
    const ofHour = hour === this.#hour ? this.#ofHour : this.#turnTo(hour);
    const sum = ofHour.get(series);
    if (sum === undefined) ofHour.set(series, { millijoules, coveredMs });
    else {
      sum.millijoules += millijoules;
      sum.coveredMs += coveredMs;
    }
  }

  /** Adds all of it to what is stored. */
  write(database: SqliteDatabase): void {
    for (const [hour, ofHour] of this.hours) {
      const known = database.get<CheckedBlob>('SELECT v, crc FROM energy WHERE hour = ?', hour);
      if (known && isIntact(database, known, hour))
        decodeEnergy(known.v, (series, millijoules, ms) => this.add(hour, series, millijoules, ms));
      const v = encodeEnergy(ofHour);
      database.run('INSERT OR REPLACE INTO energy (hour, v, crc) VALUES (?, ?, ?)', hour, v, checksum(v, hour));
    }
  }

  #turnTo(hour: EpochMs): Map<number, SeriesEnergy> {
    let ofHour = this.hours.get(hour);
    if (ofHour === undefined) {
      ofHour = new Map();
      this.hours.set(hour, ofHour);
    }
    this.#hour = hour;
    this.#ofHour = ofHour;
    return ofHour;
  }
}
