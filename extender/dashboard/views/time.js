import { ask } from '../api.js';
import { lineChart } from '../chart.js';
import { card, empty, fill, h, name, select, table } from '../dom.js';
import { number, percent, step, time } from '../format.js';
import { choose } from '../location.js';

const HOUR = 3_600_000;
const WINDOWS = {
  '24h': ['Last 24 hours', 1],
  '3d': ['Last 3 days', 3],
  '7d': ['Last 7 days', 7],
  '30d': ['Last 30 days', 30],
  '90d': ['Last 90 days', 90],
};
const LENGTHS = [
  ['1', '1 hour'],
  ['3', '3 hours'],
  ['6', '6 hours'],
  ['12', '12 hours'],
];

/** Intensity of a zone in the past and ahead, and all zones by the hour. */
export function timeView(place, choices) {
  const window = Object.hasOwn(WINDOWS, choices.window) ? choices.window : '3d';
  const hours = LENGTHS.some(([value]) => value === choices.hours) ? choices.hours : '3';
  const body = h('div', { id: 'time' });
  place.append(body);
  const show = () =>
    fill(body, 'intensities', async () => {
      const now = Date.now();
      const [grid, ahead, recent] = await Promise.all([
        ask('/api/grid'),
        ask(`/api/forecast?hours=${hours}`),
        ask(`/api/co2-intensities?by=zone&start_time=${iso(now - 24 * HOUR)}&end_time=${iso(now)}`),
      ]);
      const zones = zonesOf(grid, ahead, recent);
      if (zones.length === 0)
        return card(
          'Intensity over time',
          empty(
            'No zone has a history or a forecast',
            'Each round of the poller adds an hour; providers with forecasts add the hours ahead.',
          ),
        );
      const zone = zones.includes(choices.zone)
        ? choices.zone
        : (ahead.zones.find(({ zone }) => zones.includes(zone))?.zone ?? zones[0]);
      const past = await ask(
        `/api/co2-intensities?by=zone&country=${encodeURIComponent(zone)}&start_time=${iso(now - WINDOWS[window][1] * 24 * HOUR)}&end_time=${iso(now)}`,
      );
      const controls = h(
        'div',
        { class: 'controls' },
        select(
          'Zone',
          zone,
          zones.map((code) => [code, code]),
          (value) => choose({ zone: value }),
        ),
        select(
          'Window',
          window,
          Object.entries(WINDOWS).map(([key, [title]]) => [key, title]),
          (value) => choose({ window: value }),
        ),
        select('Length of the job', hours, LENGTHS, (value) => choose({ hours: value })),
      );
      const forecast = ahead.zones.find((one) => one.zone === zone);
      return [
        controls,
        chartCard(
          zone,
          past.filter((one) => one.zone === zone),
          forecast,
          now,
        ),
        bestCard(ahead),
        heatCard(zones, recent, ahead, now),
      ];
    });
  show();
  return { onEvent: (kind) => (kind === 'grid' || kind === 'back') && show() };
}

const iso = (ms) => new Date(ms).toISOString();
const hourOf = (ms) => Math.floor(ms / HOUR) * HOUR;

/** Cleanest first as now; zones that only the past knows after them. */
function zonesOf(grid, ahead, recent) {
  const ranked = grid.zones.map(({ zone }) => zone);
  return [...new Set([...ranked, ...ahead.zones.map(({ zone }) => zone), ...recent.map(({ zone }) => zone).sort()])];
}

function chartCard(zone, past, forecast, now) {
  const title = `Intensity of ${zone}`;
  const known = new Map(past.map(({ hour, value }) => [Date.parse(hour), value]));
  const ahead = new Map(
    (forecast?.points ?? []).map((point) => [Date.parse(point.hour), point]).filter(([at]) => at >= hourOf(now)),
  );
  const all = [...known.keys(), ...ahead.keys()];
  if (all.length === 0)
    return card(title, empty('Nothing is recorded of this zone in this window', 'Choose a longer window.'));
  const times = [];
  // Hours that are not known are gaps of the line, not straight through.
  for (let at = Math.min(...all); at <= Math.max(...all); at += HOUR) times.push(at);
  const column = (of) => times.map((at) => of(at) ?? null);
  const banded = [...ahead.values()].some(({ low, high }) => low !== null && high !== null);
  const series = [
    { label: 'recorded', token: '--accent', values: column((at) => known.get(at)) },
    ...(ahead.size > 0
      ? [{ label: 'forecast', token: '--forecast', dash: [6, 4], values: column((at) => ahead.get(at)?.value) }]
      : []),
    ...(banded
      ? [
          { label: 'high', token: '--band-edge', width: 0, values: column((at) => ahead.get(at)?.high) },
          { label: 'low', token: '--band-edge', width: 0, values: column((at) => ahead.get(at)?.low) },
        ]
      : []),
  ];
  const marks = forecast?.best ? [{ from: Date.parse(forecast.best.start), to: Date.parse(forecast.best.end) }] : [];
  const note = forecast
    ? `Forecast by ${forecast.source ?? 'its provider'}${forecast.best ? `; best window ${time(forecast.best.start, true)} to ${time(forecast.best.end)} at ${number(forecast.best.mean_g_per_kwh)} g/kWh` : ''}.`
    : 'No forecast is known for this zone.';
  return card(
    title,
    lineChart({
      label: `${title}: recorded and forecast, in grams per kilowatt-hour. The table below has the figures.`,
      times,
      series,
      bands: banded ? [[3, 4, '--band']] : [],
      marks,
      now,
    }),
    h('p', { class: 'note' }, note),
    figures(past, ahead),
  );
}

/** The same figures for those who do not see the chart. */
function figures(past, ahead) {
  const rows = [
    ...past.map(({ hour, value, quality }) => [hour, value, quality, null, null]),
    ...[...ahead.values()].map(({ hour, value, low, high }) => [hour, value, 'forecast', low, high]),
  ];
  const newest = rows.slice(-96);
  return h(
    'details',
    {},
    h(
      'summary',
      {},
      newest.length === 1 ? 'Figures of the hour shown' : `Figures of the last ${newest.length} hours shown`,
    ),
    table(
      'Intensity by hour',
      [
        { title: 'Hour', cell: ([hour]) => time(hour, true) },
        { title: 'g/kWh', numeric: true, cell: ([, value]) => number(value) },
        { title: 'Low', numeric: true, cell: ([, , , low]) => number(low) },
        { title: 'High', numeric: true, cell: ([, , , , high]) => number(high) },
        { title: 'Quality', cell: ([, , quality]) => quality },
      ],
      newest,
    ),
  );
}

function bestCard({ zones, hours }) {
  const known = zones.filter(({ best }) => best !== null).sort((a, b) => a.best.mean_g_per_kwh - b.best.mean_g_per_kwh);
  const title = 'Best windows ahead';
  if (known.length === 0)
    return card(
      title,
      empty(
        'No forecast covers a window of this length',
        'A shorter job may fit; a provider with forecasts brings longer ones.',
      ),
    );
  return card(
    title,
    table(
      `Best window of ${hours} hours by zone`,
      [
        { title: 'Zone', cell: ({ zone }) => name(zone) },
        { title: 'Start', cell: ({ best }) => time(best.start, true).slice(5) },
        { title: 'End', minor: true, cell: ({ best }) => time(best.end, true).slice(5) },
        { title: 'g/kWh', numeric: true, cell: ({ best }) => number(best.mean_g_per_kwh) },
        { title: 'Starting now', numeric: true, minor: true, cell: ({ now_mean_g_per_kwh: mean }) => number(mean) },
        {
          title: 'Saving',
          numeric: true,
          cell: ({ best, now_mean_g_per_kwh: mean }) => (mean ? percent(1 - best.mean_g_per_kwh / mean) : '–'),
        },
      ],
      known,
    ),
  );
}

function heatCard(zones, recent, ahead, now) {
  const first = hourOf(now) - 23 * HOUR;
  const hours = Array.from({ length: 48 }, (_, at) => first + at * HOUR);
  const past = Map.groupBy(recent, ({ zone }) => zone);
  const rows = zones.slice(0, 60).map((zone) => {
    const values = new Map((past.get(zone) ?? []).map(({ hour, value }) => [Date.parse(hour), value]));
    const forecast = new Map(
      (ahead.zones.find((one) => one.zone === zone)?.points ?? []).map(({ hour, value }) => [Date.parse(hour), value]),
    );
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, name(zone)),
      hours.map((at) => heatCell(values.get(at), at > now ? forecast.get(at) : undefined, at, hourOf(now))),
    );
  });
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, 'Zone'),
    hours.map((at) => h('th', { scope: 'col', class: at === hourOf(now) && 'now' }, time(iso(at)).slice(0, 2))),
  );
  const legend = h(
    'p',
    { class: 'legend' },
    ['under 75', '75–150', '150–275', '275–400', '400–600', 'over 600'].map((text, at) =>
      h('span', {}, h('i', { class: `heat step-${at}` }), ` ${text} `),
    ),
    'g/kWh. Hatched: not known. Dotted edge: forecast.',
  );
  return card(
    'Zones by the hour',
    legend,
    h(
      'div',
      { class: 'scroll heatmap', tabindex: '0', role: 'region', 'aria-label': 'Heat map of zones by hour (UTC)' },
      h(
        'table',
        {},
        h('caption', { class: 'hidden' }, 'Carbon intensity by zone and hour in UTC, in grams per kilowatt-hour'),
        h('thead', {}, head),
        h('tbody', {}, rows),
      ),
    ),
  );
}

function heatCell(past, forecast, at, present) {
  const value = past ?? forecast;
  const kind = value === undefined ? 'unknown' : `step-${step(value)}${past === undefined ? ' ahead' : ''}`;
  const text = value === undefined ? 'not known' : `${Math.round(value)}`;
  return h(
    'td',
    { class: `heat ${kind}${at === present ? ' now' : ''}`, title: `${time(iso(at), true)}: ${text}` },
    h('span', { class: 'hidden' }, text),
  );
}
