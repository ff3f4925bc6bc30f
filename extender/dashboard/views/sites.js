import { ask } from '../api.js';
import { lineChart } from '../chart.js';
import { card, empty, figure, fill, h, name, table } from '../dom.js';
import { energy, grams, number, percent, time } from '../format.js';
import { choose, urlWith } from '../location.js';

/** As many readings as a chart can tell apart. */
const SHOWN = 5000;
/** In minutes. */
const SPANS = [24 * 60, 6 * 60, 60, 10];
const [LONGEST] = SPANS;

/** Meters: send a reading, and see what a site used and emitted. */
export function sitesView(place, choices) {
  const sites = h('div', { id: 'sites' });
  const one = h('div', { id: 'site' });
  let { site } = choices;
  const show = () => {
    fill(sites, 'sites', async () => sitesCard(await allSites(), site));
    if (site) fill(one, 'the site', () => siteCards(site));
  };
  const sent = (to) => {
    site = to;
    // Not drawn anew, so that the form and what it says stay.
    history.replaceState(null, '', urlWith({ site }));
    show();
  };
  place.append(sites, one, formCard(site ?? '', sent));
  show();
  return { onEvent: (kind) => kind === 'back' && show() };
}

async function allSites() {
  try {
    return (await ask('/sites')).sites;
  } catch (error) {
    if (error.status === 404) return [];
    throw error;
  }
}

function sitesCard(sites, chosen) {
  if (sites.length === 0)
    return card(
      'Sites',
      empty('No site has sent a reading', 'Send the first with the form below, or with POST /readings.'),
    );
  const link = (id) =>
    h(
      'a',
      {
        href: urlWith({ view: 'sites', site: id }, {}),
        'aria-current': id === chosen && 'true',
        onclick: (event) => {
          event.preventDefault();
          choose({ site: id });
        },
      },
      name(id),
    );
  return card(
    'Sites',
    table(
      'Sites with their zones',
      [
        { title: 'Site', cell: ({ site_id }) => link(site_id) },
        { title: 'Zone', cell: ({ zone }) => (zone ? name(zone) : 'not known') },
        { title: 'Devices', numeric: true, cell: ({ devices }) => number(devices) },
        { title: 'Last reading', cell: ({ last_reading }) => time(last_reading, true) },
      ],
      sites,
    ),
  );
}

/** Readings come oldest first: of the spans before now, the longest whose readings can all be shown. */
async function newestReadings(path, now) {
  for (const minutes of SPANS) {
    const from = new Date(now - minutes * 60_000).toISOString();
    const found = await ask(`${path}/readings?from=${from}&limit=${SHOWN + 1}`);
    const more = found.length > SHOWN;
    if (!more || minutes === SPANS.at(-1)) return { readings: found.slice(0, SHOWN), minutes, more };
  }
}

function spanText(minutes) {
  return minutes < 120 ? `${minutes} minutes` : `${minutes / 60} hours`;
}

async function siteCards(site) {
  const path = `/sites/${encodeURIComponent(site)}`;
  const sums = await ask(`${path}/emissions`);
  const { readings, minutes, more } = await newestReadings(path, Date.parse(sums.to));
  const totals = h(
    'dl',
    { class: 'figures' },
    figure('Energy, last 24 hours', energy(sums.joules === null ? null : sums.joules / 3.6e6)),
    figure(
      'Emissions',
      grams(sums.grams),
      'CO2e',
      sums.zone ?? 'no zone is set: by SITE_ZONES, or PUT /sites/{site_id}',
    ),
    figure('Intensity', number(sums.intensity_g_per_kwh), 'g/kWh'),
    figure('Coverage', percent(sums.coverage.emissions), '', `power ${percent(sums.coverage.power)}`),
  );
  if (readings.length === 0)
    return card(
      `Site ${site}`,
      totals,
      empty('No reading within the last 24 hours', 'Older ones are kept; the API gives them by from and to.'),
    );
  return card(
    `Site ${site}`,
    totals,
    powerChart(readings),
    minutes < LONGEST && h('p', { class: 'note' }, `Readings of the last ${spanText(minutes)}: a day has too many.`),
    more && h('p', { class: 'note' }, `The first ${number(SHOWN)} of them; the API gives all.`),
    table(
      'Newest readings',
      [
        { title: 'Device', cell: ({ device_id }) => name(device_id) },
        { title: 'Watts', numeric: true, cell: ({ power_reading }) => number(power_reading, 5) },
        { title: 'At', cell: ({ timestamp }) => new Date(timestamp).toISOString().slice(0, 19).replace('T', ' ') },
      ],
      readings.slice(-20).reverse(),
    ),
  );
}

function powerChart(readings) {
  const times = [...new Set(readings.map(({ timestamp }) => Date.parse(timestamp)))].sort((a, b) => a - b);
  if (times.length < 2) return undefined;
  const devices = [...Map.groupBy(readings, ({ device_id }) => device_id)].slice(0, 6);
  const series = devices.map(([device, of], at) => {
    const known = new Map(of.map(({ timestamp, power_reading }) => [Date.parse(timestamp), power_reading]));
    // Devices report at their own times: what they do not tell is no gap.
    return { label: device, token: `--series-${at}`, values: times.map((ms) => known.get(ms)) };
  });
  return lineChart({
    label: 'Power by device in watts; the table below has the newest figures',
    times,
    series,
    unit: 'W',
  });
}

function formCard(site, sent) {
  const input = (id, label, attributes) =>
    h(
      'div',
      { class: 'field' },
      h('label', { for: id }, label),
      h('input', { id, required: true, autocomplete: 'off', 'aria-describedby': 'reading-outcome', ...attributes }),
    );
  const outcome = h('p', { id: 'reading-outcome', role: 'status' });
  const form = h(
    'form',
    { id: 'reading', novalidate: true },
    input('site-id', 'Site', { value: site, maxlength: 253 }),
    input('device-id', 'Device', { maxlength: 253 }),
    input('watts', 'Power in watts', { type: 'number', step: 'any', inputmode: 'decimal' }),
    h('button', { class: 'primary', type: 'submit' }, 'Send reading'),
    outcome,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const value = (id) => form.querySelector(`#${id}`).value.trim();
    const body = {
      site_id: value('site-id'),
      device_id: value('device-id'),
      power_reading: value('watts') === '' ? null : Number(value('watts')),
      timestamp: new Date().toISOString(),
    };
    outcome.className = '';
    outcome.textContent = 'Sending';
    try {
      await ask('/readings', { method: 'POST', body });
      outcome.className = 'success';
      outcome.textContent = `Accepted: ${body.power_reading} W of ${body.device_id} at ${body.site_id}.`;
      sent(body.site_id);
    } catch (error) {
      outcome.className = 'fault';
      outcome.textContent = error.message;
    }
  });
  return card(
    'Send a reading',
    h(
      'p',
      { class: 'note' },
      'One power reading of a meter, stamped with the present time. Energy is counted between two readings of a device.',
    ),
    form,
  );
}
