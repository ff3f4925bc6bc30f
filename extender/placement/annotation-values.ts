import { gramsPerKwh } from '../../shared/grid/units.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';

/** A preference's value, or as a clause what is wrong with its text. */
type Read<Value> = { readonly value: Value } | { readonly problem: string };

const TRUE = /^(true|yes|on|1)$/i;
const FALSE = /^(false|no|off|0)$/i;
const DECIMAL = /^\d+(\.\d+)?$/;

/** Reads `true` or `false`, and the other words that YAML has for them. */
export function readBoolean(text: string): Read<boolean> {
  if (TRUE.test(text)) return { value: true };
  if (FALSE.test(text)) return { value: false };
  return { problem: 'is neither "true" nor "false"' };
}

/** Reads a whole number from 0 on. */
export function readCount(text: string): Read<number> {
  return /^\d{1,6}$/.test(text) ? { value: Number(text) } : { problem: 'is not a whole number such as 3' };
}

/** Reads an intensity in gCO2eq/kWh, at least 0. */
export function readIntensity(text: string) {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { value: gramsPerKwh(value) } : { problem: 'is not a number of gCO2eq/kWh' };
}

/** Reads 0..100 behind a prefix such as the p of p30; a percent sign at the end is optional. */
export function readPercent(text: string, prefix: RegExp): Read<number> {
  const number = text.replace(prefix, '').replace(/\s*%$/, '');
  if (prefix.test(text) && DECIMAL.test(number) && Number(number) <= 100) return { value: Number(number) };
  return { problem: prefix.test('') ? 'is not a percentage from 0 to 100' : 'is not a percentile such as p30' };
}

/** Reads zone codes with commas between them; one that is none makes the whole list unreadable. */
export function readZones(text: string): Read<readonly Zone[]> {
  const zones: Zone[] = [];
  for (const item of text.split(',')) {
    if (item.trim() === '') continue;
    const parsed = parseZone(item);
    if (parsed.kind === 'malformed') return { problem: `has "${parsed.from}", which is not a zone code such as DE` };
    if (!zones.includes(parsed.zone)) zones.push(parsed.zone);
  }
  return zones.length > 0 ? { value: zones.sort() } : { problem: 'names no zone' };
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const DURATION = /^(\d+(\.\d+)?(ms|d|h|m|s))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|d|h|m|s)/g;

/** Reads a duration as Go writes it (`1h30m`), with days too, as milliseconds; a bare number only where its unit is given. */
export function readDuration(text: string, bareUnit?: keyof typeof UNITS_MS): Read<number> {
  const whole = bareUnit !== undefined && DECIMAL.test(text) ? `${text}${bareUnit}` : text;
  if (!DURATION.test(whole)) return { problem: 'is not a duration such as 90m or 6h' };
  let ms = 0;
  for (const [, number, unit] of whole.matchAll(DURATION_PART))
    ms += Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS];
  return Number.isSafeInteger(Math.round(ms))
    ? { value: Math.round(ms) }
    : { problem: 'is longer than can be counted' };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;

/** Reads a point in time as ISO 8601 with its offset; one without would mean another hour in every cluster. */
export function readInstant(text: string): Read<number> {
  const time = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? { problem: 'is not a time such as 2026-01-31T18:00:00Z' } : { value: time };
}
