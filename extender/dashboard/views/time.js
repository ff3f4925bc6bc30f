import { request } from '../api.js';
import { dayTime } from '../clock.js';
import { card, empty, h, name, select } from '../dom.js';
import { fill } from '../fill.js';
import { number, percent } from '../format.js';
import { choose } from '../location.js';
import { table } from '../table.js';
import { heatMapCard } from './heat-map.js';
import { intensityCard } from './intensity-chart.js';

/**
 * @typedef {import('../responses.ts').ApiResponses} Api
 * @typedef {{zone: string, window: string, hours: string, scale: string}} TimeChoices
 */

const HOUR_MS = 3_600_000;

/** @type {readonly (readonly [window: string, text: string, days: number])[]} */
const WINDOWS = [
  ['24h', 'Last 24 hours', 1],
  ['3d', 'Last 3 days', 3],
  ['7d', 'Last 7 days', 7],
  ['30d', 'Last 30 days', 30],
  ['90d', 'Last 90 days', 90],
];
/** @type {readonly (readonly [hours: string, text: string])[]} */
const LENGTHS = [
  ['1', '1 hour'],
  ['3', '3 hours'],
  ['6', '6 hours'],
  ['12', '12 hours'],
];

/**
 * Carbon intensity of a zone in the past and ahead, the best windows, and all zones by hour.
 * @param {HTMLElement} place
 * @param {import('../location.js').Choices} choices
 */
export function timeView(place, choices) {
  const body = h('div', { id: 'time' });
  place.append(body);
  const show = () => void fill(body, 'intensities', () => load(choices));
  show();
  return { onEvent: (/** @type {string} */ kind) => (kind === 'grid' || kind === 'back') && show() };
}

/** @param {import('../location.js').Choices} choices */
async function load(choices) {
  const now = Date.now();
  const [, , days] = WINDOWS.find(([key]) => key === choices.window) ?? WINDOWS[1] ?? ['3d', '', 3];
  const hours = LENGTHS.some(([value]) => value === choices.hours) ? String(choices.hours) : '3';
  /** @type {[Api['grid'], Api['forecast'], Api['intensities']]} */
  const [grid, ahead, recent] = await Promise.all([
    request('/api/grid'),
    request(`/api/forecast?hours=${hours}`),
    request(intensities({ from: now - 24 * HOUR_MS, to: now })),
  ]);
  const zones = zonesOf(grid, ahead, recent);
  const [first] = zones;
  if (first === undefined)
    return card(
      'Intensity over time',
      empty(
        'No zone has a history or a forecast',
        'Every poll cycle of the poller adds the current hour. Providers with forecasts add the hours ahead.',
      ),
    );
  const forecasted = ahead.zones.find(({ zone }) => zones.includes(zone))?.zone;
  const zone = choices.zone && zones.includes(choices.zone) ? choices.zone : (forecasted ?? first);
  /** @type {[Api['intensities'], Api['decisions'] | undefined]} */
  const [past, placed] = await Promise.all([
    request(intensities({ from: now - days * 24 * HOUR_MS, to: now, zone })),
    request(`/api/decisions?window=${Math.min(days, 30)}d&limit=1000`).catch(() => undefined),
  ]);
  const scale = choices.scale === 'zone' ? 'zone' : 'absolute';
  return [
    controls(zones, { zone, window: `${days}d`, hours, scale }),
    intensityCard({
      zone,
      past: past.filter((one) => one.zone === zone),
      forecast: ahead.zones.find((one) => one.zone === zone),
      placed: (placed?.decisions ?? []).filter((one) => one.zone === zone),
      now,
    }),
    bestWindowsCard(ahead),
    heatMapCard({ zones, recent, ahead, now, scale }),
  ];
}

/** @param {{from: number, to: number, zone?: string}} range */
function intensities({ from, to, zone }) {
  const country = zone === undefined ? '' : `country=${encodeURIComponent(zone)}&`;
  const [start, end] = [from, to].map((ms) => new Date(ms).toISOString());
  return `/api/co2-intensities?by=zone&${country}start_time=${start}&end_time=${end}`;
}

/**
 * @param {readonly string[]} zones
 * @param {TimeChoices} chosen
 */
function controls(zones, { zone, window, hours }) {
  const windows = WINDOWS.map(([key, text]) => /** @type {const} */ ([key, text]));
  const codes = zones.map((code) => /** @type {const} */ ([code, code]));
  return h(
    'div',
    { class: 'controls' },
    select('Zone', zone, codes, (value) => choose({ zone: value })),
    select('Window', window === '1d' ? '24h' : window, windows, (value) => choose({ window: value })),
    select('Job length', hours, LENGTHS, (value) => choose({ hours: value })),
  );
}

/**
 * Zones in the current order, cleanest first, then those that only a forecast or the history knows.
 * @param {Api['grid']} grid
 * @param {Api['forecast']} ahead
 * @param {Api['intensities']} recent
 */
function zonesOf(grid, ahead, recent) {
  const ranked = grid.zones.map(({ zone }) => zone);
  return [...new Set([...ranked, ...ahead.zones.map(({ zone }) => zone), ...recent.map(({ zone }) => zone).sort()])];
}

/** @param {Api['forecast']} ahead */
function bestWindowsCard({ zones, hours }) {
  const title = 'Best windows ahead';
  const known = zones
    .flatMap(({ zone, best, now_mean_g_per_kwh: mean }) => (best === null ? [] : [{ zone, best, mean }]))
    .sort((a, b) => a.best.mean_g_per_kwh - b.best.mean_g_per_kwh);
  if (known.length === 0)
    return card(
      title,
      empty(
        'No forecast covers a window of this length',
        'Select a shorter job, or configure a provider with a longer forecast.',
      ),
    );
  /** @type {import('../table.js').TableColumn<typeof known[number]>[]} */
  const columns = [
    { title: 'Zone', cell: ({ zone }) => name(zone) },
    { title: 'Start', cell: ({ best }) => dayTime(best.start) },
    { title: 'End', minor: true, cell: ({ best }) => dayTime(best.end) },
    { title: 'g/kWh', numeric: true, cell: ({ best }) => number(best.mean_g_per_kwh) },
    { title: 'Starting now', numeric: true, minor: true, cell: ({ mean }) => number(mean) },
    {
      title: 'Saving',
      numeric: true,
      cell: ({ best, mean }) => (mean ? percent(1 - best.mean_g_per_kwh / mean) : '–'),
    },
  ];
  return card(title, table(`Best window of ${hours} hours by zone`, columns, known));
}
