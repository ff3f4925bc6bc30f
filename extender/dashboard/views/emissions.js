import { ask } from '../api.js';
import { csvText, saveFile } from '../csv.js';
import { card, empty, figure, fill, h, name, select, table } from '../dom.js';
import { energy, grams, number, percent } from '../format.js';
import { choose } from '../location.js';
import { bar } from './now.js';

const WINDOWS = [
  ['1h', 'This hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['90d', 'Last 90 days'],
  ['today', 'Today'],
  ['yesterday', 'Yesterday'],
  ['month', 'This month'],
  ['lastmonth', 'Last month'],
];
const BY = [
  ['namespace', 'Namespace'],
  ['pod', 'Pod'],
  ['container', 'Container'],
  ['node', 'Node'],
];
const SHOWN = 200;

/** Energy and emissions of what ran, with a what-if beside it. */
export function emissionsView(place, choices) {
  const window = choices.window || '24h';
  const by = BY.some(([value]) => value === choices.by) ? choices.by : 'namespace';
  const body = h('div', { id: 'emissions' });
  const controls = h('div', { class: 'controls' });
  place.append(controls, body);
  drawControls(controls, window, by, choices.zone ?? '', []);
  const show = () =>
    fill(body, 'emissions', async () => {
      const query = `window=${encodeURIComponent(window)}&aggregate=${by}`;
      const [actual, whatIf, grid] = await Promise.all([
        ask(`/api/emissions?${query}`),
        choices.zone ? ask(`/api/emissions?${query}&zone=${encodeURIComponent(choices.zone)}`) : undefined,
        ask('/api/grid').catch(() => ({ zones: [] })),
      ]);
      drawControls(
        controls,
        window,
        by,
        choices.zone ?? '',
        grid.zones.map(({ zone }) => zone),
      );
      return results(actual, whatIf, by, choices.zone);
    });
  show();
  return { onEvent: (kind) => kind === 'back' && show() };
}

function drawControls(place, window, by, zone, zones) {
  // Redrawing would take the focus from somebody who is choosing.
  if (place.contains(document.activeElement) && place.childElementCount > 0) return;
  const windows = WINDOWS.some(([value]) => value === window) ? WINDOWS : [...WINDOWS, [window, window]];
  const others = [...new Set([...(zone ? [zone] : []), ...zones])];
  place.replaceChildren(
    select('Window', window, windows, (value) => choose({ window: value })),
    select('By', by, BY, (value) => choose({ by: value })),
    select('What if all ran in', zone, [['', 'no what-if'], ...others.map((code) => [code, code])], (value) =>
      choose({ zone: value }),
    ),
  );
}

function results(actual, whatIf, by, zone) {
  const rows = Object.values(actual.data[0] ?? {}).sort(
    (a, b) => (b.grams ?? -1) - (a.grams ?? -1) || (b.kwh ?? -1) - (a.kwh ?? -1),
  );
  if (rows.length === 0)
    return card(
      'Emissions',
      empty(
        'Nothing was measured in this window',
        'Once the poller scrapes Kepler, what ran appears here. A longer window may hold something.',
      ),
    );
  const other = whatIf?.data[0] ?? {};
  const simulated = rows.some(({ power_quality, quality }) => power_quality === 'simulated' || quality === 'simulated');
  return [
    simulated &&
      h(
        'p',
        { class: 'notice simulated' },
        h('strong', {}, 'Simulated. '),
        'Energy or intensity of these rows is invented for a demonstration.',
      ),
    totalsCard(rows, other, zone),
    card(
      'Top emitters',
      rows.length > SHOWN &&
        h('p', { class: 'note' }, `The first ${SHOWN} of ${number(rows.length)}; the CSV has all.`),
      rowsTable(rows.slice(0, SHOWN), other, by, zone),
      h(
        'p',
        {},
        h(
          'button',
          { type: 'button', id: 'csv', onclick: () => saveCsv(actual, rows, other, by, zone) },
          'Download CSV',
        ),
      ),
    ),
  ].filter(Boolean);
}

/** A sum of what is known; null when nothing is. */
function sum(rows, field) {
  const known = rows.map((row) => row[field]).filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

function totalsCard(rows, other, zone) {
  const [kwh, total, unpriced] = [sum(rows, 'kwh'), sum(rows, 'grams'), sum(rows, 'unpriced_kwh')];
  const elsewhere = sum(
    rows.map(({ name: key }) => other[key] ?? {}),
    'grams',
  );
  const weights = rows.reduce((all, { minutes }) => all + minutes, 0);
  const covered =
    weights > 0 ? rows.reduce((all, { coverage, minutes }) => all + coverage * minutes, 0) / weights : null;
  const reasons = [...new Set(rows.map(({ reason }) => reason).filter(Boolean))];
  return h(
    'section',
    { class: 'card', 'aria-label': 'Totals' },
    h(
      'dl',
      { class: 'figures' },
      figure('Energy', energy(kwh)),
      figure('Emissions', grams(total), 'CO2e'),
      zone && figure(`If all had run in ${zone}`, grams(elsewhere), 'CO2e', difference(total, elsewhere)),
      figure('Coverage', percent(covered), '', 'of the time, energy and intensity known'),
    ),
    unpriced > 0 &&
      h(
        'p',
        { class: 'note' },
        `${energy(unpriced)} are not in the grams${reasons.length > 0 ? `: ${reasons.slice(0, 3).join('; ')}` : ''}.`,
      ),
  );
}

function difference(actual, elsewhere) {
  if (!actual || elsewhere === null) return '';
  const share = elsewhere / actual - 1;
  return share <= 0 ? `${percent(-share)} less` : `${percent(share)} more`;
}

function rowsTable(rows, other, by, zone) {
  const most = Math.max(...rows.map((row) => row.grams ?? 0), 1e-9);
  return table(
    `Emissions by ${by}, greatest first`,
    [
      { title: BY.find(([value]) => value === by)[1], cell: (row) => h('div', { class: 'whole' }, name(row.name)) },
      { title: 'Emissions', numeric: true, cell: (row) => h('span', { class: 'value' }, grams(row.grams)) },
      { title: 'Energy', numeric: true, cell: (row) => energy(row.kwh) },
      { title: 'Share', minor: true, cell: (row) => (row.grams === null ? '–' : bar(row.grams, most, 'plain')) },
      ...(zone ? [{ title: `In ${zone}`, numeric: true, cell: (row) => grams(other[row.name]?.grams) }] : []),
      { title: 'g/kWh', numeric: true, cell: (row) => number(row.intensity_g_per_kwh) },
      { title: 'Coverage', numeric: true, cell: (row) => percent(row.coverage) },
      {
        title: 'Quality',
        cell: (row) => (row.quality ? h('span', { class: `chip ${row.quality}` }, row.quality) : '–'),
      },
      {
        title: 'Power',
        cell: (row) => (row.power_quality ? h('span', { class: `chip ${row.power_quality}` }, row.power_quality) : '–'),
      },
    ],
    rows,
  );
}

function saveCsv(actual, rows, other, by, zone) {
  const { start, end } = actual.meta.window;
  const columns = [
    by,
    'window_start',
    'window_end',
    'kwh',
    'grams',
    'intensity_g_per_kwh',
    'coverage',
    'power_coverage',
    'unpriced_kwh',
    'quality',
    'power_quality',
    ...(zone ? [`grams_in_${zone}`] : []),
  ];
  const text = csvText(
    columns,
    rows.map((row) => [
      row.name,
      start,
      end,
      row.kwh,
      row.grams,
      row.intensity_g_per_kwh,
      row.coverage,
      row.power_coverage,
      row.unpriced_kwh,
      row.quality,
      row.power_quality,
      ...(zone ? [other[row.name]?.grams] : []),
    ]),
  );
  saveFile(`emissions-by-${by}-${start.slice(0, 10)}.csv`, text, 'text/csv');
}
