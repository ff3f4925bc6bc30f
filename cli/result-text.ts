import type { EmissionsResult } from '../shared/calculator/calculate.ts';
import type { IntensityUsed } from '../shared/calculator/intensity-used.ts';
import { writtenPeriod } from '../shared/calculator/period.ts';
import type { Io } from './io.ts';

/** An emissions result as labelled lines. */
export function resultText(result: EmissionsResult, io: Io): string {
  const { intensity, energy, period, sci } = result;
  const lines: [string, string][] = [
    ['Service', result.service],
    ['Region', result.region === result.zone ? result.region : `${result.region} (grid zone ${result.zone})`],
    ...(period
      ? [['Period', writtenPeriod({ from: Date.parse(period.from), to: Date.parse(period.to) })] as [string, string]]
      : []),
    ['Requests', String(result.requests)],
    ['Total Energy (kWh)', result.total_kWh.toFixed(6)],
    ['Total Emissions (gCO2e)', io.style('bold', result.total_gCO2e.toFixed(4))],
    ['Per 1k Requests (gCO2e)', result.gCO2e_per_1k_requests.toFixed(4)],
    [
      'Grid Intensity (gCO2/kWh)',
      `avg ${gramsPerKwh(intensity.avg_gCO2_per_kWh)}, min ${gramsPerKwh(intensity.min_gCO2_per_kWh)}, max ${gramsPerKwh(intensity.max_gCO2_per_kWh)}`,
    ],
    ['  source', sourceText(intensity)],
    [
      '  quality',
      io.style(
        intensity.quality.includes('measured') || intensity.quality === 'given' ? 'dim' : 'yellow',
        qualityText(intensity),
      ),
    ],
    ['Energy profile', profileText(energy)],
  ];
  if (sci)
    lines.push([
      'SCI (gCO2e per request)',
      `${sci.gCO2e_per_request.toFixed(6)}${sci.embodied_gCO2e === null ? ', operational only: embodied emissions M are unknown' : ` with M = ${sci.embodied_gCO2e.toFixed(4)} gCO2e embodied`}`,
    ]);
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join('');
}

/** A carbon intensity in gCO2/kWh with two decimals, as all commands print it. */
export function gramsPerKwh(value: number): string {
  return value.toFixed(2);
}

/** A share as a percentage; never rounded up to 100 when it is less. */
export function percent(share: number): string {
  const shown = share < 1 ? Math.min(share * 100, 99.9) : 100;
  return `${shown.toFixed(1).replace(/\.0$/, '')} %`;
}

function sourceText({ source, parts }: IntensityUsed): string {
  if (parts.length < 2) return source;
  return parts.map((part) => `${part.source} (${part.quality}) ${percent(part.share)}`).join(', ');
}

function qualityText(intensity: IntensityUsed): string {
  const marginal = intensity.signal === 'marginal' ? ', marginal signal' : '';
  if (intensity.weighting === 'one figure') return `${intensity.quality}${marginal}`;
  const weighting = intensity.weighting === 'hours of use' ? 'weighted by hourly usage' : 'hours weighted equally';
  return `${intensity.quality}${marginal}; known for ${percent(intensity.coverage)} of the ${intensity.weighting === 'hours of use' ? 'usage' : 'period'}; ${weighting}`;
}

function profileText(energy: EmissionsResult['energy']): string {
  const { measured } = energy;
  const basis = measured
    ? `, ${measured.from.slice(0, 16)}Z..${measured.to.slice(0, 16)}Z, ${percent(measured.coverage)} recorded, ${measured.requests} requests`
    : '';
  const pue = energy.pue === 1 ? '' : `; PUE ${energy.pue} (${energy.pue_source})`;
  return `${Number(energy.wh_per_request.toPrecision(6))} Wh per request (${energy.confidence}, ${energy.source}${basis})${pue}`;
}
