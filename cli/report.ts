import { Command } from 'commander';
import type { BurnDown } from '../shared/calculator/budget.ts';
import { ALWAYS, parsePeriod, periodBefore, writtenPeriod } from '../shared/calculator/period.ts';
import { type Report, reportOn } from '../shared/calculator/report.ts';
import { nearest } from '../shared/grid/nearest.ts';
import { HOUR_MS } from '../shared/grid/units.ts';
import type { TimeRange } from '../shared/records/power.ts';
import type { SavedWorkload, WorkloadReader } from '../shared/records/workloads.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { budgetsFromApi, workloadsFromApi } from './api-reports.ts';
import { budgetUsages } from './budget-usage.ts';
import { cliError } from './errors.ts';
import { periodReportText } from './flat-text.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice } from './options.ts';
import { reportCsv, reportMarkdown, reportTable } from './report-formats.ts';
import { cliConfig } from './settings.ts';
import { withStore } from './stores.ts';

const FORMATS = ['table', 'text', 'json', 'csv', 'markdown'] as const;

/** The options of `carbon report`, as written. */
export interface ReportOptions {
  readonly period: string;
  readonly format: string;
  readonly service?: string;
  readonly region?: string;
}

/** `carbon report`: saved emissions of a period by service and region. */
export function reportCommand(env: Environment, io: Io): Command {
  return new Command('report')
    .description('Report saved emissions by service and region, with totals, comparisons and equivalents')
    .option('--period <period>', 'last-24h, last-7d, last-30d or FROM..TO (UTC, TO excluded)', 'last-7d')
    .option('--format <format>', FORMATS.join(', '), 'table')
    .option('--service <name>', 'only this service')
    .option('--region <region>', 'only this region')
    .addHelpText(
      'after',
      `
${API_HELP}
Reports on records saved by "carbon calculate --save", "carbon workloads import" and POST /api/workloads.
` +
        examples(
          'carbon report --period last-30d',
          'carbon report --period 2026-10-01..2026-11-01 --format markdown > october.md',
          'carbon report --period last-24h --format json | jq .totals.total_gCO2e',
        ),
    )
    .action((options: ReportOptions) => runReport(options, env, io));
}

/** Reads the records, reports, and prints. */
export async function runReport(options: ReportOptions, env: Environment, io: Io): Promise<void> {
  const format = parseChoice('--format', options.format, FORMATS);
  const now = io.clock.now();
  const period = parsePeriod(options.period, now);
  const api = apiClient(env);
  const { report, budgets } = await (api ? fromApi(api, options, period) : fromStore(options, period, env, now));
  io.out(formatted({ report, budgets, format, written: options.period }, io));
}

interface ReportData {
  readonly report: Report;
  readonly budgets: readonly BurnDown[];
}

async function fromApi(api: ApiClient, options: ReportOptions, period: TimeRange): Promise<ReportData> {
  const workloads: WorkloadReader = {
    workloads: async (filter, range) => [...(await workloadsFromApi(api, filter, range))],
  };
  return { report: await reportFrom(workloads, options, period), budgets: await budgetsFromApi(api) };
}

function fromStore(options: ReportOptions, period: TimeRange, env: Environment, now: number): Promise<ReportData> {
  const config = cliConfig(env);
  return withStore(config, async (store) => ({
    report: await reportFrom(store.workloads, options, period),
    budgets: (await budgetUsages(config, store, now)).map(({ standing }) => standing),
  }));
}

async function reportFrom(
  store: WorkloadReader,
  { service, region, period: written }: ReportOptions,
  period: TimeRange,
): Promise<Report> {
  const named = !written.includes('..');
  const range = { from: periodBefore(period).from, to: period.to + HOUR_MS };
  const records = await store.workloads({ service, region }, range);
  const report = reportOn(records, named ? withCurrentHour(period, records) : period);
  if (report !== undefined) return report;
  const all = await store.workloads({}, ALWAYS);
  throw cliError('NO_RECORDS', { message: noRecordsText(period, all, service, region) });
}

/** The period, an hour later where a record ends with the current hour, as `carbon calculate` saves it in the first hour of a history. */
function withCurrentHour({ from, to }: TimeRange, records: readonly SavedWorkload[]): TimeRange {
  const later = records.some(({ period_end }) => period_end === to + HOUR_MS) ? HOUR_MS : 0;
  return { from: from + later, to: to + later };
}

function noRecordsText(
  period: TimeRange,
  all: Awaited<ReturnType<WorkloadReader['workloads']>>,
  service?: string,
  region?: string,
): string {
  const services = new Set(all.map(({ service_name }) => service_name));
  if (service !== undefined && services.size > 0 && !services.has(service))
    return `no records of service "${service}"; did you mean "${nearest(service, services)}"?`;
  const regions = new Set(all.map((record) => record.region));
  if (region !== undefined && regions.size > 0 && !regions.has(region))
    return `no records of region "${region}"; did you mean "${nearest(region, regions)}"?`;
  const distance = (record: TimeRange) => Math.max(record.from - period.to, period.from - record.to);
  const spans = all
    .map(({ period_start: from, period_end: to }) => ({ from, to }))
    .sort((a, b) => distance(a) - distance(b));
  const hint = spans[0]
    ? `the nearest record covers ${writtenPeriod(spans[0])}`
    : 'no records exist yet; save one with "carbon calculate --save"';
  return `no saved emissions for ${writtenPeriod(period)}; ${hint}`;
}

interface FormattedReport extends ReportData {
  readonly format: (typeof FORMATS)[number];
  /** The period as it was written on the command line. */
  readonly written: string;
}

function formatted({ report, budgets, format, written }: FormattedReport, io: Io): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ ...report, budgets }, null, 2)}\n`;
    case 'csv':
      return reportCsv(report);
    case 'markdown':
      return reportMarkdown(report, budgets);
    case 'table':
      return reportTable(report, budgets, io);
    case 'text':
      return periodReportText(report, written);
    default:
      return format satisfies never;
  }
}
