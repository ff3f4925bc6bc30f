import { ApiError, request } from '../api.js';
import { lineChart } from '../charts/chart.js';
import { time } from '../clock.js';
import { card, empty, figure, h, name } from '../dom.js';
import { fill } from '../fill.js';
import { energy, grams, number, percent } from '../format.js';
import { choose, urlWith } from '../location.js';
import { table } from '../table.js';
import { readingForm } from './reading-form.js';

/**
 * @typedef {import('../responses.ts').ApiResponses} Api
 * @typedef {Api['sites']['sites'][number]} Site
 * @typedef {Api['siteReadings'][number]} MeterReading
 */

/** Readings that fit into a chart. */
const SHOWN = 5000;
/** Spans before now to try, in minutes. */
const SPANS = [24 * 60, 6 * 60, 60, 10];
const [LONGEST = 0] = SPANS;

/**
 * Meters: what a site used and emitted, and a form to send a reading.
 * @param {HTMLElement} place
 * @param {import('../location.js').Choices} choices
 */
export function sitesView(place, choices) {
  const sites = h('div', { id: 'sites' });
  const one = h('div', { id: 'site' });
  let site = choices.site;
  const show = () => {
    void fill(sites, 'sites', async () => sitesCard(await allSites(), site));
    if (site) void fill(one, 'the site', () => siteCards(String(site)));
  };
  const sent = (/** @type {string} */ to) => {
    site = to;
    // Not redrawn, so that the form keeps its message.
    history.replaceState(null, '', urlWith({ site }));
    show();
  };
  place.append(sites, one, readingForm(site ?? '', sent));
  show();
  return { onEvent: (/** @type {string} */ kind) => kind === 'back' && show() };
}

/** @returns {Promise<Site[]>} */
async function allSites() {
  try {
    return (await request('/sites')).sites;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/**
 * @param {readonly Site[]} sites
 * @param {string | undefined} chosen
 */
function sitesCard(sites, chosen) {
  if (sites.length === 0)
    return card(
      'Sites',
      empty('No site has sent a reading', 'Send the first one with the form below, or with POST /readings.'),
    );
  const link = (/** @type {string} */ id) =>
    h(
      'a',
      {
        href: urlWith({ view: 'sites', site: id }, {}),
        'aria-current': id === chosen && 'true',
        onclick: (/** @type {MouseEvent} */ event) => {
          event.preventDefault();
          choose({ site: id });
        },
      },
      name(id),
    );
  /** @type {import('../table.js').TableColumn<Site>[]} */
  const columns = [
    { title: 'Site', cell: ({ site_id }) => link(site_id) },
    { title: 'Zone', cell: ({ zone }) => (zone ? name(zone) : 'not known') },
    { title: 'Devices', numeric: true, cell: ({ devices }) => number(devices) },
    { title: 'Last reading', cell: ({ last_reading }) => time(last_reading, true) },
  ];
  return card('Sites', table('Sites with their zones', columns, sites));
}

/**
 * Readings of the longest span before now that fits into the chart; the API returns them oldest first.
 * @param {string} path
 * @param {number} now
 */
async function newestReadings(path, now) {
  for (const minutes of SPANS) {
    const from = new Date(now - minutes * 60_000).toISOString();
    /** @type {Api['siteReadings']} */
    const found = await request(`${path}/readings?from=${from}&limit=${SHOWN + 1}`);
    const more = found.length > SHOWN;
    if (!more || minutes === SPANS.at(-1)) return { readings: found.slice(0, SHOWN), minutes, more };
  }
  return { readings: [], minutes: 0, more: false };
}

/** @param {number} minutes */
function spanText(minutes) {
  return minutes < 120 ? `${minutes} minutes` : `${minutes / 60} hours`;
}

/** @param {string} site */
async function siteCards(site) {
  const path = `/sites/${encodeURIComponent(site)}`;
  /** @type {Api['siteEmissions']} */
  const sums = await request(`${path}/emissions`);
  const { readings, minutes, more } = await newestReadings(path, Date.parse(sums.to));
  const totals = h(
    'dl',
    { class: 'figures' },
    figure('Energy, last 24 hours', energy(sums.joules === null ? null : sums.joules / 3.6e6)),
    figure(
      'Emissions',
      grams(sums.grams),
      'CO2e',
      sums.zone ?? 'no zone is set; use SITE_ZONES or PUT /sites/{site_id}',
    ),
    figure('Intensity', number(sums.intensity_g_per_kwh), 'g/kWh'),
    figure('Coverage', percent(sums.coverage.emissions), '', `power ${percent(sums.coverage.power)}`),
  );
  if (readings.length === 0)
    return card(
      `Site ${site}`,
      totals,
      empty('No readings in the last 24 hours', 'Older ones are available from the API with from and to.'),
    );
  return card(
    `Site ${site}`,
    totals,
    powerChart(readings),
    minutes < LONGEST &&
      h('p', { class: 'note' }, `Readings of the last ${spanText(minutes)}; a whole day has too many for a chart.`),
    more && h('p', { class: 'note' }, `Only the first ${number(SHOWN)} are shown; the API returns all.`),
    newestTable(readings.slice(-20).reverse()),
  );
}

/** @param {readonly MeterReading[]} readings */
function newestTable(readings) {
  /** @type {import('../table.js').TableColumn<MeterReading>[]} */
  const columns = [
    { title: 'Device', cell: ({ device_id }) => name(device_id) },
    { title: 'Watts', numeric: true, cell: ({ power_reading }) => number(power_reading, 5) },
    { title: 'At', cell: ({ timestamp }) => time(timestamp, true) },
  ];
  return table('Newest readings', columns, readings);
}

/** @param {readonly MeterReading[]} readings */
function powerChart(readings) {
  const times = [...new Set(readings.map(({ timestamp }) => Date.parse(timestamp)))].sort((a, b) => a - b);
  if (times.length < 2) return undefined;
  const devices = [...Map.groupBy(readings, ({ device_id }) => device_id)].slice(0, 6);
  const series = devices.map(([device, own], index) => {
    const known = new Map(own.map(({ timestamp, power_reading }) => [Date.parse(timestamp), power_reading]));
    // Devices report at different times: undefined is not drawn as a gap.
    return { label: device, token: `--series-${index}`, values: times.map((ms) => known.get(ms)) };
  });
  return lineChart({
    label: 'Power by device in watts; the table below has the newest figures',
    times,
    series,
    unit: 'W',
  });
}
