import { type EpochMs, isoTime } from '../../grid/units.ts';

/** The year with which PostgreSQL's calendar starts, 4714 BC; the days before it are before everything stored. */
const FIRST_YEAR = -4713;

/** A time as PostgreSQL reads it: ISO 8601, but the year 0 is `0001 … BC`, and years above 9999 have no sign. */
export function postgresTime(time: EpochMs): string {
  const iso = isoTime(time);
  const year = new Date(time).getUTCFullYear();
  if (year > 9999) return iso.slice(1);
  if (year > 0) return iso;
  if (year <= FIRST_YEAR) return '-infinity';
  return `${String(1 - year).padStart(4, '0')}${iso.slice(year < 0 ? 7 : 4)} BC`;
}
