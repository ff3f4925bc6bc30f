import { energy, grams } from '../format.js';

const JOULES_PER_KWH = 3_600_000;

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']['data'][number][string]} Row
 * @typedef {'grams' | 'kwh' | 'gpu' | 'embodied'} Unit what the chart and the shares of the table show
 *
 * @typedef {object} Measure
 * @property {string} text in the list of choices
 * @property {string} title of the chart
 * @property {'grams' | 'kwh'} sort by which the server ranks the layers of the chart
 * @property {string} axis
 * @property {(row: Row) => number | null} of a row; null where it is not known
 * @property {(value: number | null | undefined) => string} format
 */

/** @type {Readonly<Record<Unit, Measure>>} */
export const MEASURES = {
  grams: {
    ...{ text: 'Emissions', title: 'Emissions over time', sort: 'grams', axis: 'g' },
    of: (row) => row.grams,
    format: grams,
  },
  kwh: {
    ...{ text: 'Energy', title: 'Energy over time', sort: 'kwh', axis: 'kWh' },
    of: (row) => row.kwh,
    format: energy,
  },
  gpu: {
    ...{ text: 'GPU energy', title: 'Energy on GPUs over time', sort: 'kwh', axis: 'kWh' },
    of: (row) => (row.gpu_joules === null ? null : row.gpu_joules / JOULES_PER_KWH),
    format: energy,
  },
  embodied: {
    ...{ text: 'Embodied', title: 'Embodied emissions over time', sort: 'grams', axis: 'g' },
    of: (row) => row.embodied_grams,
    format: grams,
  },
};

/**
 * The measure of a choice; emissions for any that does not exist.
 * @param {string | undefined} choice
 * @returns {Unit}
 */
export function unitOf(choice) {
  return choice !== undefined && Object.hasOwn(MEASURES, choice) ? /** @type {Unit} */ (choice) : 'grams';
}

/**
 * The sum of the known values; null when none is known.
 * @param {readonly Row[]} rows
 * @param {(row: Row) => number | null | undefined} of
 */
export function sumOf(rows, of) {
  const known = rows.flatMap((row) => of(row) ?? []);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

/**
 * Bounds of a row's energy and grams where its power is modelled; undefined where it is measured.
 * @param {Row} row
 */
export function bandOf({ kwh, grams: total, kwh_low: low, kwh_high: high }) {
  if (low === undefined || high === undefined || !kwh) return undefined;
  const scaled = (/** @type {number} */ bound) => (total === null ? null : (total * bound) / kwh);
  return { kwh: [low, high], grams: [scaled(low), scaled(high)] };
}
