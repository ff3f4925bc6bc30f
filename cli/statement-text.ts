import type { Statement } from '../shared/statement/statement.ts';
import { percent } from './result-text.ts';
import { type Column, markdownTable } from './table.ts';

type Row = readonly string[];

/** A part of a statement: a heading, and a table or a list. */
export interface StatementPart {
  readonly title: string;
  readonly header?: readonly string[];
  readonly rows: readonly Row[];
}

/** The parts of a statement, for people. */
export function statementParts(statement: Statement): readonly StatementPart[] {
  const { missing, method, days } = statement;
  return [
    { title: 'Totals', header: ['Figure', 'Value'], rows: totals(statement) },
    { title: 'Coverage and quality', header: ['Figure', 'Value'], rows: qualities(statement) },
    factorsPart(statement),
    machinesPart(statement),
    contractsPart(statement),
    savingsPart(statement),
    { title: 'What is missing', rows: missing.map((text) => [text]) },
    { title: 'Method', rows: method.map((text) => [text]) },
    {
      title: 'Days and their hashes',
      header: ['Day', 'Rows', 'kWh', 'gCO2e', 'SHA-256 of the energy rows'],
      rows: days.map(({ day, rows, kwh, location_grams: emitted, energy_sha256: hash }) => [
        ...[day, String(rows), figure(kwh), figure(emitted), hash],
      ]),
    },
  ].filter(({ rows }) => rows.length > 0);
}

function qualities({ energy, coverage, intensity_quality_kwh: intensities }: Statement): Row[] {
  return [
    ['Hours with known power', `${coverage.hours_with_power} of ${coverage.hours}`],
    ['Energy with known intensity', share(coverage.energy_with_intensity)],
    ...Object.entries(energy.by_quality_kwh).map(([quality, kwh]) => [`Energy ${quality}`, `${figure(kwh)} kWh`]),
    ['Bounds of the energy', `${figure(energy.kwh_low)} to ${figure(energy.kwh_high)} kWh`],
    ...Object.entries(intensities).map(([quality, kwh]) => [`Intensity ${quality}`, `${figure(kwh)} kWh`]),
  ];
}

function factorsPart({ factors }: Statement): StatementPart {
  return {
    title: 'Emission factors',
    header: ['Zone', 'Source', 'Hours', 'Mean g/kWh', 'Range', 'Quality'],
    rows: factors.map((one) => [
      ...[one.zone, one.source, String(one.hours), figure(one.mean_g_per_kwh)],
      ...[`${figure(one.min_g_per_kwh)} to ${figure(one.max_g_per_kwh)}`, one.qualities.join(', ')],
    ]),
  };
}

function machinesPart({ machines }: Statement): StatementPart {
  return {
    title: 'Buildings and machines',
    header: ['Figure', 'Source', 'Nodes', 'Value'],
    rows: machines.map(({ figure: name, source, nodes, value }) => [
      ...[name === 'pue' ? 'PUE' : 'Making of the machines', source, String(nodes)],
      name === 'pue' ? figure(value) : `${figure(value)} gCO2e`,
    ]),
  };
}

function contractsPart({ contracts, residual_mixes: mixes }: Statement): StatementPart {
  return {
    title: 'Contracts',
    header: ['Name', 'Kind', 'Zone', 'Amount', 'g/kWh'],
    rows: [
      ...contracts.map((one) => [one.name, one.kind, one.zone, `${one.kwh} kWh per ${one.per}`, figure(one.g_per_kwh)]),
      ...mixes.map((one) => [one.source, 'residual mix', one.zone, '', figure(one.g_per_kwh)]),
    ],
  };
}

function savingsPart({ savings }: Statement): StatementPart {
  return {
    title: 'Savings, as attributional differences',
    header: [
      'Baseline',
      'Pods',
      'of which emitted more',
      'gCO2e',
      'Baseline gCO2e',
      'Difference',
      'Difference (marginal)',
    ],
    rows: savings.map((one) => [
      ...[one.baseline, String(one.pods), String(one.negative), figure(one.grams)],
      ...[figure(one.baseline_grams), figure(one.difference_grams)],
      one.marginal_difference_grams === null ? 'unknown' : figure(one.marginal_difference_grams),
    ]),
  };
}

/** The heading of a statement. */
export function statementTitle({ cluster, namespace, month }: Statement): string {
  return `Carbon statement ${month}: ${namespace ?? 'all namespaces'} in ${cluster}`;
}

/** A line that says of which time a statement is, and what seals it. */
export function statementLine({ from, to, created_at: created, software, seal }: Statement): string {
  return `From ${from} to ${to} (UTC). Made ${created} by ${software.name} ${software.version}. Seal ${seal.algorithm} ${seal.value}.`;
}

/** A statement as Markdown, with the statement itself as JSON at its end, so that it can be verified. */
export function statementMarkdown(statement: Statement): string {
  const parts = statementParts(statement).map(({ title, header, rows }) => `## ${title}\n\n${body(header, rows)}`);
  const data = `## Statement\n\n\`\`\`json\n${JSON.stringify(statement, null, 2)}\n\`\`\`\n`;
  return [`# ${statementTitle(statement)}\n\n${statementLine(statement)}\n`, ...parts, data].join('\n');
}

function body(header: readonly string[] | undefined, rows: readonly Row[]): string {
  if (header === undefined) return rows.map(([text]) => `* ${text}\n`).join('');
  const columns = header.map((title, at): Column<Row> => ({ title, cell: (row) => row[at] ?? '' }));
  return markdownTable(columns, rows);
}

function totals(statement: Statement): Row[] {
  const { energy, facility, embodied } = statement;
  const { location_based: location, market_based: market } = statement.scope_2;
  const rows: Row[] = [
    ['Energy', `${figure(energy.kwh)} kWh`],
    [
      'Scope 2, location-based',
      `${grams(location.grams)} (${figure(location.unknown_kwh)} kWh without a known intensity)`,
    ],
    ['Mean intensity', location.g_per_kwh === null ? 'unknown' : `${figure(location.g_per_kwh)} gCO2e/kWh`],
    ['Scope 2, market-based', market === null ? 'no contracts are given' : grams(market.grams)],
  ];
  if (energy.gpu_kwh !== null) rows.push(['of the energy, on GPUs', `${figure(energy.gpu_kwh)} kWh`]);
  if (facility.kwh !== null)
    rows.push(['Energy of the facility, by PUE', `${figure(facility.kwh)} kWh${without(facility.unknown_kwh, 'PUE')}`]);
  if (embodied.grams !== null)
    rows.push([
      'Embodied (scope 3: the making of the machines)',
      `${grams(embodied.grams)}${without(embodied.unknown_kwh, 'figure of the machine')}`,
    ]);
  if (market !== null) {
    rows.push([
      'Matched by contracts, hour by hour',
      `${figure(market.matched_kwh)} kWh (${share(market.matched_share)})`,
    ]);
    rows.push(['The rest is priced by', market.rest.join(', ') || 'nothing: there is none']);
  }
  return rows;
}

/** What a figure leaves out; nothing where it is whole. */
function without(kwh: number, what: string): string {
  return kwh > 0 ? ` (${figure(kwh)} kWh without a ${what})` : '';
}

function grams(value: number | null): string {
  return value === null ? 'unknown' : `${figure(value)} gCO2e`;
}

function share(value: number | null): string {
  return value === null ? 'unknown' : percent(value);
}

function figure(value: number): string {
  return value.toFixed(3);
}
