import type { BurnDown } from '../shared/calculator/budget.ts';
import { writtenPeriod } from '../shared/calculator/period.ts';
import type { RegionRow, Report, ReportRow, ReportSums } from '../shared/calculator/report.ts';
import { burnDownColumns } from './budget-table.ts';
import type { Io } from './io.ts';
import { gramsPerKwh, percent } from './result-text.ts';
import { type Column, csvTable, markdownTable, textTable } from './table.ts';

type TotalRow = ReportRow | (ReportSums & { readonly service: 'Total'; readonly region: ''; readonly coverage: null });
type Render = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]) => string;

const SUMS: readonly Column<ReportSums>[] = [
  { title: 'Requests', align: 'right', cell: ({ requests }) => String(Math.round(requests)) },
  { title: 'kWh', align: 'right', cell: ({ total_kWh }) => total_kWh.toFixed(6) },
  { title: 'gCO2e', align: 'right', cell: ({ total_gCO2e }) => total_gCO2e.toFixed(4) },
  { title: 'g per 1k', align: 'right', cell: (row) => row.gCO2e_per_1k_requests.toFixed(4) },
  { title: 'Grid avg', align: 'right', cell: (row) => gramsPerKwh(row.avg_gCO2_per_kWh) },
  { title: 'min', align: 'right', cell: (row) => gramsPerKwh(row.min_gCO2_per_kWh) },
  { title: 'max', align: 'right', cell: (row) => gramsPerKwh(row.max_gCO2_per_kWh) },
  { title: 'Quality', cell: ({ quality }) => quality },
  { title: 'Source', cell: ({ source }) => source },
];

const ROWS: readonly Column<TotalRow>[] = [
  { title: 'Service', cell: ({ service }) => service },
  { title: 'Region', cell: ({ region }) => region },
  ...SUMS,
  { title: 'Coverage', align: 'right', cell: ({ coverage }) => (coverage === null ? '' : percent(coverage)) },
];

const REGIONS: readonly Column<RegionRow>[] = [
  { title: 'Region', cell: ({ region }) => region },
  ...SUMS.slice(0, 5),
  { title: 'Above cleanest', align: 'right', cell: (row) => `${row.percent_above_cleanest.toFixed(1)} %` },
];

/** The report for a terminal. */
export function reportTable(report: Report, budgets: readonly BurnDown[], io: Io): string {
  return sections(report, budgets, textTable, (title) => `${io.style('bold', title)}\n`);
}

/** The report for a wiki or a pull request. */
export function reportMarkdown(report: Report, budgets: readonly BurnDown[]): string {
  return sections(report, budgets, markdownTable, (title, level) => `${'#'.repeat(level)} ${title}\n\n`);
}

/** The rows by service and region for a spreadsheet, without totals, so that sums over a column are correct. */
export function reportCsv({ rows, period }: Report): string {
  const header = [
    'service_name',
    'region',
    'period_start',
    'period_end',
    'request_count',
    'total_kWh',
    'total_gCO2e',
    'gCO2e_per_1k_requests',
    'avg_grid_gCO2_per_kWh',
    'min_grid_gCO2_per_kWh',
    'max_grid_gCO2_per_kWh',
    'quality',
    'source',
    'coverage',
  ];
  return csvTable(
    header,
    rows.map((row) => [
      row.service,
      row.region,
      period.from,
      period.to,
      row.requests,
      row.total_kWh,
      row.total_gCO2e,
      row.gCO2e_per_1k_requests,
      row.avg_gCO2_per_kWh,
      row.min_gCO2_per_kWh,
      row.max_gCO2_per_kWh,
      row.quality,
      row.source,
      row.coverage,
    ]),
  );
}

function sections(
  report: Report,
  budgets: readonly BurnDown[],
  table: Render,
  heading: (title: string, level: number) => string,
): string {
  const { from, to } = report.period;
  const total: TotalRow = { service: 'Total', region: '', ...report.totals, coverage: null };
  const parts = [
    heading(`Emissions ${writtenPeriod({ from: Date.parse(from), to: Date.parse(to) })} (UTC)`, 1) +
      table<TotalRow>(ROWS, [...report.rows, total]),
    heading('By region, cleanest first', 2) + table(REGIONS, report.regions),
    heading('Compared with the period before', 2) + comparison(report),
    heading('Equivalent to', 2) + equivalentsText(report),
  ];
  if (budgets.length > 0) parts.push(heading('Budgets', 2) + table(burnDownColumns, budgets));
  if (report.notes.length > 0) parts.push(heading('Notes', 2) + report.notes.map((note) => `- ${note}\n`).join(''));
  return parts.join('\n');
}

function comparison({ before, totals, change_percent }: Report): string {
  if (before === null) return 'no records of the period of the same length before\n';
  const change = change_percent === null ? '' : ` (${change_percent >= 0 ? '+' : ''}${change_percent.toFixed(1)} %)`;
  return `${before.total_gCO2e.toFixed(4)} gCO2e before, ${totals.total_gCO2e.toFixed(4)} gCO2e now${change}; per 1k requests ${before.gCO2e_per_1k_requests.toFixed(4)} before, ${totals.gCO2e_per_1k_requests.toFixed(4)} now\n`;
}

function equivalentsText({ equivalents, totals }: Report): string {
  const kilograms = (totals.total_gCO2e / 1000).toPrecision(4);
  const lines = equivalents.map(
    ({ amount, unit, kg_CO2_per_unit }) => `- ${written(amount)} ${unit} (${kg_CO2_per_unit} kg each)\n`,
  );
  return `${kilograms} kg CO2e:\n${lines.join('')}`;
}

function written(amount: number): string {
  return amount >= 100 ? amount.toFixed(0) : amount >= 0.1 ? amount.toFixed(1) : amount.toPrecision(2);
}
