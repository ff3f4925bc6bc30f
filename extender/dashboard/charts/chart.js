import { partsOf, timeZone } from '../clock.js';
import { h } from '../dom.js';
import { number } from '../format.js';
import uPlot from '../uplot.js';

const HEIGHT = 280;
const HOUR_MS = 3_600_000;
/** Lines with fewer points than this also show the points. */
const FEW_POINTS = 6;
const FONT = '12px system-ui, sans-serif';

/**
 * @typedef {object} ChartSeries
 * @property {string} label
 * @property {string} token CSS variable of the line's colour
 * @property {readonly (number | null | undefined)[]} values one per time; null is a gap, undefined is not drawn
 * @property {number[]} [dash]
 * @property {number} [width] of the line; 0 draws none
 * @property {string} [fill] CSS variable of the colour below the line
 * @property {readonly (number | null)[]} [shown] values for the legend, where they differ from those drawn
 *
 * @typedef {{from: number, to: number, token?: string}} Mark a highlighted span of time in milliseconds
 *
 * @typedef {object} ChartOptions
 * @property {string} label what the chart shows, for screen readers
 * @property {readonly number[]} times milliseconds, ascending
 * @property {readonly ChartSeries[]} series
 * @property {readonly (readonly [upper: number, lower: number, token: string])[]} [bands] filled between two series, by their number from 1
 * @property {readonly Mark[]} [marks]
 * @property {number} [now] where to draw the line of the present
 * @property {string} [unit]
 */

/**
 * The value of a CSS variable in the current theme.
 * @param {string} token
 */
export function colour(token) {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}

/**
 * Draws lines over time, as wide as the place allows. The canvas is only for the eye: show the same data as a table too.
 * @param {ChartOptions} chart
 */
export function lineChart(chart) {
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': chart.label });
  const data = [chart.times.map((ms) => ms / 1000), ...chart.series.map(({ values }) => values)];
  /** @type {uPlot | undefined} */
  let plot;
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width < 50) return;
    if (plot === undefined) plot = new uPlot(optionsOf(chart, width), /** @type {any} */ (data), place);
    else if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
  });
  observer.observe(place);
  return place;
}

/**
 * @param {ChartOptions} chart
 * @param {number} width
 * @returns {uPlot.Options}
 */
function optionsOf({ times, series, bands = [], marks = [], now, unit = 'g/kWh' }, width) {
  const line = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--muted'), grid: line, ticks: { show: false }, font: FONT };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone()),
    legend: { live: true },
    cursor: { y: false },
    scales: {
      // For a single hour the library would draw an axis of years.
      x: {
        range: (_plot, low, high) => (times.length === 1 ? [low - HOUR_MS / 1000, low + HOUR_MS / 1000] : [low, high]),
      },
      y: { range: (_plot, _low, high) => [0, (high || 1) * 1.1] },
    },
    axes: [
      { ...axis, space: 90, values: (_plot, splits) => axisTexts(splits) },
      { ...axis, size: 60, label: unit, labelSize: 18, labelFont: FONT },
    ],
    series: [
      { label: timeZone(), value: (_plot, seconds) => legendTime(seconds) },
      ...series.map((one) => seriesOf(one, times)),
    ],
    bands: bands.map(([upper, lower, token]) => ({ series: [upper, lower], fill: colour(token) })),
    hooks: { drawClear: [(plot) => drawMarks(plot, marks, now)] },
  };
}

/**
 * @param {ChartSeries} series
 * @param {readonly number[]} times
 * @returns {uPlot.Series}
 */
function seriesOf({ label, token, dash, width = 2, fill, shown }, times) {
  return {
    label,
    stroke: colour(token),
    width,
    dash,
    fill: fill && colour(fill),
    points: { show: width > 0 && times.length < FEW_POINTS },
    spanGaps: false,
    // Blank while the pointer is elsewhere: a dash means that a value is not known.
    value: (_plot, value, _series, index) => (index === null ? '' : number(shown ? shown[index] : value, 4)),
  };
}

/** @param {number | null} seconds */
function legendTime(seconds) {
  if (seconds === null) return '';
  const { date, clock } = partsOf(seconds * 1000);
  return `${date} ${clock}`;
}

/**
 * @param {uPlot} plot
 * @param {readonly Mark[]} marks
 * @param {number | undefined} now
 */
function drawMarks(plot, marks, now) {
  const { ctx, bbox } = plot;
  const x = (/** @type {number} */ ms) =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(ms / 1000, 'x', true)));
  ctx.save();
  for (const { from, to, token = '--mark' } of marks) {
    ctx.fillStyle = colour(token);
    ctx.fillRect(x(from), bbox.top, Math.max(devicePixelRatio, x(to) - x(from)), bbox.height);
  }
  if (now !== undefined) {
    ctx.fillStyle = colour('--muted');
    ctx.fillRect(x(now), bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}

/**
 * The time of day, with seconds where minutes would repeat, and below it the date where another day begins.
 * @param {number[]} splits in seconds
 */
function axisTexts(splits) {
  let day = '';
  const withSeconds = splits.some((seconds) => seconds % 60 !== 0);
  return splits.map((seconds) => {
    const { date, clock, second } = partsOf(seconds * 1000);
    const text = withSeconds ? `${clock}:${second}` : clock;
    if (date === day) return text;
    day = date;
    return `${text}\n${date.slice(5)}`;
  });
}
