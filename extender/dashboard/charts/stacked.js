import { lineChart } from './chart.js';

/**
 * @typedef {object} Layer
 * @property {string} label
 * @property {readonly (number | null)[]} values one per time; null where nothing is known
 */

/**
 * A stacked chart: layers from bottom to top, filled, and further lines over them.
 * @param {object} chart
 * @param {string} chart.label
 * @param {readonly number[]} chart.times milliseconds
 * @param {readonly Layer[]} chart.layers
 * @param {readonly import('./chart.js').ChartSeries[]} [chart.lines]
 * @param {string} chart.unit
 */
export function stackedChart({ label, times, layers, lines = [], unit }) {
  const base = times.map(() => 0);
  const series = layers.map(({ label: text, values }, index) => {
    const tops = values.map((value, at) => {
      base[at] = (base[at] ?? 0) + (value ?? 0);
      return base[at];
    });
    const token = `--series-${index % 9}`;
    return { label: text, token, width: 1, fill: `${token}-fill`, values: tops, shown: values };
  });
  // Drawn from the top layer down, so that each fill is covered by the layers below it.
  return lineChart({ label, times, series: [...series.reverse(), ...lines], unit });
}
