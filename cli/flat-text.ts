import type { EmissionsResult } from '../shared/calculator/calculate.ts';
import type { Report, ReportRow, ReportSums } from '../shared/calculator/report.ts';

const LABEL_WIDTH = 18;
const RULE = '─'.repeat(92);
const HEADER_RULE = '='.repeat(40);

/** The lines of `co2e-calculator` for one calculation; scripts read them by label, so labels and units are fixed. */
export function calculationText(result: EmissionsResult): string {
  const { intensity } = result;
  const lines: readonly [string, string][] = [
    ['Service', result.service],
    ['Region', result.region],
    ['Requests', result.requests.toLocaleString('en-US')],
    ['Total Energy', `${result.total_kWh.toFixed(6)} kWh`],
    ['Total Emissions', `${result.total_gCO2e.toFixed(4)} gCO2e`],
    ['Per 1k Requests', `${result.gCO2e_per_1k_requests.toFixed(4)} gCO2e`],
    ['Grid Intensity', `${intensity.avg_gCO2_per_kWh.toFixed(2)} gCO2/kWh (avg)`],
    ['Data Quality', `${intensity.quality} (${intensity.source})`],
  ];
  return lines.map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH)}${value}\n`).join('');
}

/** The report of `co2e-calculator` for a period as it was written on the command line. */
export function periodReportText(report: Report, period: string): string {
  const heading = ['Service', 'Region', 'Requests', 'Energy (kWh)', 'Emissions (gCO2e)', 'gCO2e/1k req'];
  return [
    HEADER_RULE,
    `Emissions Report: ${period}`,
    HEADER_RULE,
    '',
    columns(heading),
    RULE,
    ...report.rows.map((row) => columns(cells(row))),
    RULE,
    columns(totalCells(report.totals)),
    '',
    'Carbon Equivalent:',
    `  ${grouped(report.totals.total_gCO2e / 1000, 2)} kg CO2e`,
    ...report.equivalents.flatMap(({ id, amount }) => {
      const text = EQUIVALENTS[id];
      return text === undefined ? [] : [`  ≈ ${text(amount)}`];
    }),
    '',
    `Data Quality: ${report.totals.quality} (${report.totals.source})`,
    ...report.notes.map((note) => `Note: ${note}`),
    '',
  ].join('\n');
}

const EQUIVALENTS: Readonly<Record<string, (amount: number) => string>> = {
  miles: (amount) => `${grouped(amount, amount < 10 ? 1 : 0)} miles driven by average car`,
  tree_years: (amount) => `${grouped(amount, 1)} trees needed to absorb (1 year)`,
};

function cells(row: ReportRow): string[] {
  return [row.service, row.region, ...sumCells(row), row.gCO2e_per_1k_requests.toFixed(4)];
}

function totalCells(totals: ReportSums): string[] {
  return ['TOTAL', '', ...sumCells(totals)];
}

function sumCells({ requests, total_kWh, total_gCO2e }: ReportSums): string[] {
  return [grouped(requests, 0), grouped(total_kWh, 3), grouped(total_gCO2e, 2)];
}

function columns([service = '', region = '', ...numbers]: readonly string[]): string {
  const widths = [11, 14, 19, 14];
  const texts = numbers.map((text, index) => text.padStart(widths[index] ?? 0));
  return `${service.padEnd(18)}${region.padEnd(14)}${texts.join('')}`.trimEnd();
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
