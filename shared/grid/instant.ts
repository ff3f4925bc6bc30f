import type { EpochMs } from './units.ts';

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|([+-]\d\d)(?::?(\d\d))?)?$/i;

/** An ISO 8601 time with or without seconds, fractions and zone; without a zone it is UTC. NaN when it is not a time. */
export function parseInstant(text: string): EpochMs {
  const [, year, month, day, time, zone, hours, minutes = '00'] = INSTANT.exec(text.trim()) ?? [];
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (time === undefined || Number(day) > daysInMonth) return Number.NaN;
  const offset = zone === undefined || hours === undefined ? 'Z' : `${hours}:${minutes}`;
  return Date.parse(`${year}-${month}-${day}T${time}${offset}`);
}
