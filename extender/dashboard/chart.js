import uPlot from '/dashboard/uplot.js';
import { h } from './dom.js';

const HOUR_S = 3600;
/** So few hours are told apart by points. */
const FEW = 6;

/** A colour of the page's own style, as the theme has it. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * Draws lines over time that follow the width of their place. series: {label, values, token, dash, width}; bands: pairs
 * of series indexes; marks: {from, to} in ms. A picture for the eye; give the same figures as a table beside it.
 */
export function lineChart({ label, times, series, bands = [], marks = [], now, unit = 'g/kWh' }) {
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': label });
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const options = (width) => ({
    width,
    height: 280,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { live: true },
    cursor: { y: false },
    scales: {
      // For a single hour the library would draw an axis of years.
      x: { range: (_u, low, high) => (times.length === 1 ? [low - HOUR_S, low + HOUR_S] : [low, high]) },
      y: { range: (_u, _low, high) => [0, Math.max(10, (high ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, space: 90, values: (_u, splits) => dayAndHour(splits) },
      { ...axis, size: 52, label: unit, labelSize: 18, labelFont: '12px system-ui, sans-serif' },
    ],
    series: [
      {
        label: 'UTC',
        value: (_u, at) => (at == null ? '–' : new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')),
      },
      ...series.map(({ label: text, token, dash, width: stroke = 2, fill }) => ({
        label: text,
        stroke: colour(token),
        width: stroke,
        dash,
        fill: fill && colour(fill),
        // A line needs two hours in a row; before that there are only points.
        points: { show: times.length < FEW },
        spanGaps: false,
        value: (_u, value) => (value == null ? '–' : `${Math.round(value * 10) / 10}`),
      })),
    ],
    bands: bands.map(([upper, lower, token]) => ({ series: [upper, lower], fill: colour(token) })),
    hooks: { drawClear: [(plot) => drawMarks(plot, marks, now)] },
  });
  const data = [times.map((ms) => ms / 1000), ...series.map(({ values }) => values)];
  let plot;
  const watching = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width < 50) return;
    if (plot === undefined) plot = new uPlot(options(width), data, place);
    else if (plot.width !== width) plot.setSize({ width, height: 280 });
  });
  watching.observe(place);
  return place;
}

function drawMarks(plot, marks, now) {
  const { ctx, bbox } = plot;
  const x = (ms) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(ms / 1000, 'x', true)));
  ctx.save();
  ctx.fillStyle = colour('--mark');
  for (const { from, to } of marks) ctx.fillRect(x(from), bbox.top, x(to) - x(from), bbox.height);
  if (now !== undefined) {
    ctx.fillStyle = colour('--muted');
    ctx.fillRect(x(now), bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}

/** The hour, with seconds where minutes would repeat, and below it the date where another day begins. */
function dayAndHour(splits) {
  let day = '';
  const end = splits.some((at) => at % 60 !== 0) ? 19 : 16;
  return splits.map((at) => {
    const [date, clock] = new Date(at * 1000).toISOString().slice(5, end).split('T');
    if (date === day) return clock;
    day = date;
    return `${clock}\n${date}`;
  });
}
