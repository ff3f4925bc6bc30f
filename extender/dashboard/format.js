const DASH = '–';

/** A number with so many significant digits, or a dash for what is not known. */
export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return new Intl.NumberFormat('en', { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : digits }).format(value);
}

/** Grams as text with the unit that keeps it short. */
export function grams(value) {
  if (value === null || value === undefined) return DASH;
  if (Math.abs(value) >= 1e6) return `${number(value / 1e6)} t`;
  return Math.abs(value) >= 1000 ? `${number(value / 1000)} kg` : `${number(value)} g`;
}

/** Energy as text with the unit that keeps it short. */
export function energy(kwh) {
  if (kwh === null || kwh === undefined) return DASH;
  if (kwh !== 0 && Math.abs(kwh) < 0.1) return `${number(kwh * 1000)} Wh`;
  return Math.abs(kwh) >= 1000 ? `${number(kwh / 1000)} MWh` : `${number(kwh)} kWh`;
}

/** A share of 1 in percent. */
export function percent(share) {
  if (share === null || share === undefined) return DASH;
  // 99.96 % is not all of it.
  const rounded = share < 1 ? Math.min(99.9, share * 100) : share * 100;
  return `${number(rounded)} %`;
}

/** How long ago or how long, in the two greatest units at most. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return DASH;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A time of day, with the date where it is another day. */
export function time(iso, long = false) {
  if (!iso) return DASH;
  const text = new Date(iso).toISOString();
  return long ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : text.slice(11, 16);
}

/** Which of six steps of the colour scale an intensity has: fixed bounds, so that a colour always means the same. */
export function step(gramsPerKwh) {
  const bounds = [75, 150, 275, 400, 600];
  const at = bounds.findIndex((bound) => gramsPerKwh < bound);
  return at < 0 ? bounds.length : at;
}
