import type { Activity } from '../emissions/activity.ts';
import { marketFigures } from '../emissions/matching.ts';
import { JOULES_PER_KWH } from '../grid/units.ts';
import { workloadName } from '../records/workload-name.ts';
import { type ExportColumn, number, text, time } from './column.ts';

/** Energy of a row in kilowatt-hours. */
export function kwhOf({ joules }: Activity): number {
  return joules / JOULES_PER_KWH;
}

/** What of the energy was used on GPUs, in kilowatt-hours; null where none is known. */
export function gpuKwhOf({ gpuJoules }: Activity): number | null {
  return gpuJoules === null ? null : gpuJoules / JOULES_PER_KWH;
}

/** A bound of the energy in kilowatt-hours; null where power is not modelled. */
export function boundOf(row: Activity, bound: 'low' | 'high'): number | null {
  const { powerModel } = row.container;
  return powerModel === undefined ? null : kwhOf(row) * powerModel[bound];
}

/** Energy-weighted mean intensity of the part with a known intensity, in gCO2eq/kWh. */
export function intensityOf({ grams, pricedJoules }: Activity): number | null {
  return grams === null || pricedJoules === 0 ? null : grams / (pricedJoules / JOULES_PER_KWH);
}

/** Energy without a known intensity in kilowatt-hours. */
export function unpricedOf({ joules, pricedJoules }: Activity): number {
  return (joules - pricedJoules) / JOULES_PER_KWH;
}

/** A market-based figure of a row; null without contracts. */
export function marketFigure(
  { market, joules }: Activity,
  field: 'grams' | 'matchedKwh' | 'share' | 'unknownKwh',
): number | null {
  return market === null ? null : marketFigures(market, joules)[field];
}

/** How the part that no contract matches is priced; null without contracts, and where there is no such part. */
export function marketBasis({ market }: Activity): string | null {
  return market === null ? null : [...market.bases].sort().join(', ') || null;
}

/** Energy of the building for a row's energy, in kilowatt-hours; null without a PUE. */
export function facilityKwhOf({ facilityJoules }: Activity): number | null {
  return facilityJoules === null ? null : facilityJoules / JOULES_PER_KWH;
}

/** Columns in the words of this API. */
export const PLAIN_COLUMNS: readonly ExportColumn[] = [
  time('start', ({ from }) => from),
  time('end', ({ to }) => to),
  text('cluster', (_row, { cluster }) => cluster),
  text('node', ({ container }) => container.node),
  text('namespace', ({ container }) => container.namespace),
  text('workload', ({ container }) => workloadName(container.pod)),
  text('pod', ({ container }) => container.pod),
  text('container', ({ container }) => container.container),
  text('zone', ({ zone }) => zone),
  number('kwh', kwhOf),
  number('gpu_kwh', gpuKwhOf),
  number('kwh_low', (row) => boundOf(row, 'low')),
  number('kwh_high', (row) => boundOf(row, 'high')),
  text('power_quality', ({ container }) => container.powerQuality ?? 'measured'),
  number('measured_minutes', ({ coveredMs }) => coveredMs / 60_000),
  number('grams', ({ grams }) => grams),
  number('unpriced_kwh', unpricedOf),
  number('intensity_g_per_kwh', intensityOf),
  text('quality', ({ quality }) => quality),
  text('providers', ({ providers }) => providers.join(', ') || null),
  number('market_grams', (row) => marketFigure(row, 'grams')),
  number('market_unknown_kwh', (row) => marketFigure(row, 'unknownKwh')),
  number('matched_kwh', (row) => marketFigure(row, 'matchedKwh')),
  number('matched_share', (row) => marketFigure(row, 'share')),
  text('market_basis', marketBasis),
  number('facility_kwh', facilityKwhOf),
  number('embodied_grams', ({ embodiedGrams }) => embodiedGrams),
  number('cost', ({ cost }) => cost),
];
