const DASH = '–';

/** @typedef {number | null | undefined} Quantity */

/**
 * A number with so many significant digits, or a dash for an unknown value.
 * @param {Quantity} value
 * @param {number} [digits]
 */
export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return new Intl.NumberFormat('en', { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : digits }).format(value);
}

/**
 * Grams with the unit that keeps the text short.
 * @param {Quantity} value
 */
export function grams(value) {
  if (value === null || value === undefined) return DASH;
  if (value !== 0 && Math.abs(value) < 0.1) return `${number(value * 1000)} mg`;
  if (Math.abs(value) >= 1e6) return `${number(value / 1e6)} t`;
  return Math.abs(value) >= 1000 ? `${number(value / 1000)} kg` : `${number(value)} g`;
}

/**
 * Energy with the unit that keeps the text short.
 * @param {Quantity} kwh
 */
export function energy(kwh) {
  if (kwh === null || kwh === undefined) return DASH;
  if (kwh !== 0 && Math.abs(kwh) < 0.1) return `${number(kwh * 1000)} Wh`;
  return Math.abs(kwh) >= 1000 ? `${number(kwh / 1000)} MWh` : `${number(kwh)} kWh`;
}

/**
 * A share of 1 in percent, to a tenth, so that the figures of a column can be compared.
 * @param {Quantity} share
 */
export function percent(share) {
  if (share === null || share === undefined) return DASH;
  // 99.96 % must not look complete.
  const rounded = share < 1 ? Math.min(99.9, share * 100) : share * 100;
  if (rounded !== 0 && Math.abs(rounded) < 0.05) return `${number(rounded, 1)} %`;
  const places = Number.isInteger(rounded) ? 0 : 1;
  return `${new Intl.NumberFormat('en', { minimumFractionDigits: places, maximumFractionDigits: places }).format(rounded)} %`;
}

/**
 * A length of time in its largest suitable unit.
 * @param {Quantity} seconds
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return DASH;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/**
 * Step 0 to 5 of the colour scale: fixed bounds, so that a colour always means the same intensity.
 * @param {number} gramsPerKwh
 */
export function step(gramsPerKwh) {
  const bounds = [75, 150, 275, 400, 600];
  const index = bounds.findIndex((bound) => gramsPerKwh < bound);
  return index < 0 ? bounds.length : index;
}

/**
 * Step 0 to 5 of a value within a range of its own.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function relativeStep(value, low, high) {
  return high > low ? Math.min(5, Math.floor(((value - low) / (high - low)) * 6)) : 2;
}
