import { figure, h } from '../dom.js';
import { energy, grams, percent } from '../format.js';
import { bandOf, MEASURES, sumOf } from './measures.js';

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
  const [kwh, total, unpriced] = [
    sumOf(rows, (row) => row.kwh),
    sumOf(rows, (row) => row.grams),
    sumOf(rows, (row) => row.unpriced_kwh) ?? 0,
  ];
  const [gpu, embodied] = [sumOf(rows, MEASURES.gpu.of), sumOf(rows, MEASURES.embodied.of)];
  const before = previous && sumOf(rowsOf(previous), (row) => row.grams);
  const elsewhere = whatIf && sumOf(rowsOf(whatIf), (row) => row.grams);
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
        'The energy or the intensity of these rows is simulated.',
      ),
    h(
      'dl',
      { class: 'figures' },
      figure('Energy', energy(kwh), '', modelled && 'partly modelled, not measured'),
      gpu !== null && figure('On GPUs', energy(gpu), '', kwh ? `${percent(gpu / kwh)} of the energy` : ''),
      figure('Emissions', grams(total), 'CO2e', difference(before, total, 'than the window before')),
      embodied !== null &&
        figure('Embodied', grams(embodied), 'CO2e', 'of making the machines, not part of the emissions'),
      zone && figure(`If all had run in ${zone}`, grams(elsewhere), 'CO2e', difference(total, elsewhere, '')),
      figure('Coverage', percent(covered), '', 'of the time both energy and intensity are known'),
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
  const bounds = (/** @type {'kwh' | 'grams'} */ field) =>
    [0, 1].map((side) => sumOf(rows, (row) => bandOf(row)?.[field][side] ?? row[field]));
  const [[lowKwh, highKwh], [low, high]] = [bounds('kwh'), bounds('grams')];
  return `Modelled energy is known within bounds: ${energy(lowKwh)} to ${energy(highKwh)}, ${grams(low)} to ${grams(high)} CO2e.`;
}

/** @param {Emissions} response */
function rowsOf({ data }) {
  return data.flatMap((piece) => Object.values(piece));
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
