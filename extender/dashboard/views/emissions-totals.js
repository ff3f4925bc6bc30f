import { figure, h } from '../dom.js';
import { energy, grams, percent } from '../format.js';

const JOULES_PER_KWH = 3_600_000;

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {Emissions['data'][number][string]} Row
 */

/**
 * Totals of the window, beside those of the window before and of a what-if zone.
 * @param {{current: Emissions, previous: Emissions | undefined, whatIf: Emissions | undefined, zone: string | undefined}} data
 */
export function totalsCard({ current, previous, whatIf, zone }) {
  const rows = rowsOf(current);
  const [kwh, total, unpriced] = [sum(rows, 'kwh'), sum(rows, 'grams'), sum(rows, 'unpriced_kwh') ?? 0];
  const gpuJoules = sum(rows, 'gpu_joules');
  const gpu = gpuJoules === null ? null : gpuJoules / JOULES_PER_KWH;
  const before = previous && sum(rowsOf(previous), 'grams');
  const elsewhere = whatIf && sum(rowsOf(whatIf), 'grams');
  const minutes = rows.reduce((all, row) => all + row.minutes, 0);
  const covered = minutes > 0 ? rows.reduce((all, row) => all + row.coverage * row.minutes, 0) / minutes : null;
  const reasons = [...new Set(rows.flatMap(({ reason }) => reason ?? []))].slice(0, 3).join('; ');
  const simulated = rows.some(({ power_quality, quality }) => power_quality === 'simulated' || quality === 'simulated');
  const modelled = rows.some(({ power_quality }) => power_quality === 'modelled');
  return h(
    'section',
    { class: 'card', 'aria-label': 'Totals' },
    simulated &&
      h(
        'p',
        { class: 'notice simulated' },
        h('strong', {}, 'Simulated. '),
        'Energy or intensity of these rows is invented for a demonstration.',
      ),
    h(
      'dl',
      { class: 'figures' },
      figure('Energy', energy(kwh), '', modelled && 'partly modelled, not measured'),
      gpu !== null && figure('On GPUs', energy(gpu), '', kwh ? `${percent(gpu / kwh)} of the energy` : ''),
      figure('Emissions', grams(total), 'CO2e', difference(before, total, 'than the window before')),
      zone && figure(`If all had run in ${zone}`, grams(elsewhere), 'CO2e', difference(total, elsewhere, '')),
      figure('Coverage', percent(covered), '', 'of the time, energy and intensity known'),
    ),
    modelled && h('p', { class: 'note' }, band(rows)),
    unpriced > 0 &&
      h('p', { class: 'note' }, `${energy(unpriced)} are not included in the grams${reasons && `: ${reasons}`}.`),
  );
}

/**
 * Bounds of energy and grams where some energy is modelled; measured energy has none.
 * @param {readonly Row[]} rows
 */
function band(rows) {
  const total = (/** @type {(row: Row) => number} */ of) => rows.reduce((all, row) => all + of(row), 0);
  const share = (/** @type {Row} */ { kwh }, /** @type {number | undefined} */ bound) =>
    kwh && bound !== undefined ? bound / kwh : 1;
  const [low, high] = [total((row) => row.kwh_low ?? row.kwh ?? 0), total((row) => row.kwh_high ?? row.kwh ?? 0)];
  const gramsLow = total((row) => (row.grams ?? 0) * share(row, row.kwh_low));
  const gramsHigh = total((row) => (row.grams ?? 0) * share(row, row.kwh_high));
  return `Modelled energy is known within bounds: ${energy(low)} to ${energy(high)}, ${grams(gramsLow)} to ${grams(gramsHigh)} CO2e.`;
}

/** @param {Emissions} response */
function rowsOf({ data }) {
  return data.flatMap((piece) => Object.values(piece));
}

/**
 * The sum of the known values; null when none is known.
 * @param {readonly Row[]} rows
 * @param {'kwh' | 'grams' | 'unpriced_kwh' | 'gpu_joules'} field
 */
function sum(rows, field) {
  const known = rows.flatMap((row) => row[field] ?? []);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

/**
 * @param {number | null | undefined} base
 * @param {number | null | undefined} value
 * @param {string} than
 */
function difference(base, value, than) {
  if (!base || value === null || value === undefined) return '';
  const share = value / base - 1;
  return `${percent(Math.abs(share))} ${share <= 0 ? 'less' : 'more'} ${than}`.trim();
}
