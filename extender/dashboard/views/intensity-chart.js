import { lineChart } from '../charts/chart.js';
import { dayTime, time } from '../clock.js';
import { card, empty, h } from '../dom.js';
import { number } from '../format.js';
import { table } from '../table.js';

/**
 * @typedef {import('../responses.ts').ApiResponses} Api
 * @typedef {Api['forecast']['zones'][number]} ZoneForecast
 * @typedef {ZoneForecast['points'][number]} Point
 * @typedef {Api['intensities'][number]} Sample
 * @typedef {Api['decisions']['decisions'][number]} Placement
 */

const HOUR_MS = 3_600_000;
/** Shorter waits are those for the scheduler, not for electricity; in milliseconds. */
const MIN_WAIT_MS = 300_000;
/** Rows of the table of figures. */
const MAX_FIGURES = 96;

/**
 * The curve of one zone: recorded, forecast with its band, the best window, and where jobs waited and started.
 * @param {{zone: string, past: readonly Sample[], forecast: ZoneForecast | undefined, placed: readonly Placement[], now: number}} data
 */
export function intensityCard({ zone, past, forecast, placed, now }) {
  const title = `Intensity of ${zone}`;
  const recorded = new Map(past.map(({ hour, value }) => [Date.parse(hour), value]));
  const currentHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const ahead = new Map(
    (forecast?.points ?? [])
      .map((point) => /** @type {const} */ ([Date.parse(point.hour), point]))
      .filter(([at]) => at >= currentHour),
  );
  const known = [...recorded.keys(), ...ahead.keys()];
  if (known.length === 0)
    return card(title, empty('Nothing is recorded for this zone in this window', 'Select a longer window.'));
  const times = [];
  // Unknown hours are gaps in the line, not bridged.
  for (let at = Math.min(...known); at <= Math.max(...known); at += HOUR_MS) times.push(at);
  const first = times[0] ?? now;
  const waited = placed.filter((one) => waitOf(one) >= MIN_WAIT_MS && Date.parse(one.bound_at) >= first);
  return card(
    title,
    lineChart({
      label: `${title}: recorded and forecast, in grams per kilowatt-hour. The table below has the figures.`,
      times,
      ...seriesOf(times, recorded, ahead),
      marks: [...bestMarks(forecast), ...waitMarks(waited)],
      now,
    }),
    h('p', { class: 'note' }, forecastNote(forecast)),
    waited.length > 0 && h('p', { class: 'note' }, waitNote(waited)),
    figures(past, [...ahead.values()]),
  );
}

/**
 * @param {readonly number[]} times
 * @param {ReadonlyMap<number, number>} recorded
 * @param {ReadonlyMap<number, Point>} ahead
 */
function seriesOf(times, recorded, ahead) {
  const column = (/** @type {(at: number) => number | null | undefined} */ valueAt) =>
    times.map((at) => valueAt(at) ?? null);
  const banded = [...ahead.values()].some(({ low, high }) => low !== null && high !== null);
  /** @type {import('../charts/chart.js').ChartSeries[]} */
  const series = [{ label: 'recorded', token: '--accent', values: column((at) => recorded.get(at)) }];
  if (ahead.size > 0)
    series.push({ label: 'forecast', token: '--forecast', dash: [6, 4], values: column((at) => ahead.get(at)?.value) });
  if (banded)
    series.push(
      { label: 'upper bound', token: '--band-edge', width: 0, values: column((at) => ahead.get(at)?.high) },
      { label: 'lower bound', token: '--band-edge', width: 0, values: column((at) => ahead.get(at)?.low) },
    );
  return { series, bands: banded ? [/** @type {const} */ ([3, 4, '--band'])] : [] };
}

/**
 * @param {ZoneForecast | undefined} forecast
 * @returns {import('../charts/chart.js').Mark[]}
 */
function bestMarks(forecast) {
  return forecast?.best ? [{ from: Date.parse(forecast.best.start), to: Date.parse(forecast.best.end) }] : [];
}

/**
 * Waiting as a tinted span, and the start as a thin line at its end.
 * @param {readonly Placement[]} waited
 * @returns {import('../charts/chart.js').Mark[]}
 */
function waitMarks(waited) {
  return waited.flatMap(({ arrived_at: arrived, bound_at: bound }) => {
    const to = Date.parse(bound);
    return [
      { from: Date.parse(arrived ?? bound), to, token: '--waited' },
      { from: to, to, token: '--started' },
    ];
  });
}

/** @param {Placement} placement */
function waitOf({ arrived_at: arrived, bound_at: bound }) {
  return arrived === null ? 0 : Date.parse(bound) - Date.parse(arrived);
}

/** @param {readonly Placement[]} waited */
function waitNote(waited) {
  const jobs = waited.length === 1 ? '1 pod' : `${waited.length} pods`;
  return `Tinted: ${jobs} waited in this zone; the thin line at the end of each span is where the pod started.`;
}

/** @param {ZoneForecast | undefined} forecast */
function forecastNote(forecast) {
  if (forecast === undefined) return 'No forecast is known for this zone.';
  const { source, best } = forecast;
  const window = best
    ? `; best window ${time(best.start, true)} to ${time(best.end)} at ${number(best.mean_g_per_kwh)} g/kWh`
    : '';
  return `Forecast by ${source ?? 'its provider'}${window}.`;
}

/**
 * The chart's data as a table, for readers who cannot see it.
 * @param {readonly Sample[]} past
 * @param {readonly Point[]} ahead
 */
function figures(past, ahead) {
  const rows = [
    ...past.map(({ hour, value, quality }) => ({ hour, value, quality, low: null, high: null })),
    ...ahead.map((point) => ({ ...point, quality: 'forecast' })),
  ].slice(-MAX_FIGURES);
  /** @type {import('../table.js').TableColumn<typeof rows[number]>[]} */
  const columns = [
    { title: 'Hour', cell: ({ hour }) => dayTime(hour) },
    { title: 'g/kWh', numeric: true, cell: ({ value }) => number(value) },
    { title: 'Low', numeric: true, cell: ({ low }) => number(low) },
    { title: 'High', numeric: true, cell: ({ high }) => number(high) },
    { title: 'Quality', cell: ({ quality }) => quality },
  ];
  const summary = rows.length === 1 ? 'Figures of the hour shown' : `Figures of the last ${rows.length} hours shown`;
  return h('details', {}, h('summary', {}, summary), table('Intensity by hour', columns, rows));
}
