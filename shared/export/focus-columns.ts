import type { Activity } from '../emissions/activity.ts';
import { type EpochMs, isoTime } from '../grid/units.ts';
import { IDLE, SYSTEM, UNMETERED } from '../records/power.ts';
import { workloadName } from '../records/workload-name.ts';
import { type ExportColumn, type ExportFacts, number, text, time } from './column.ts';
import {
  boundOf,
  facilityKwhOf,
  gpuKwhOf,
  intensityOf,
  kwhOf,
  marketBasis,
  marketFigure,
  unpricedOf,
} from './plain-columns.ts';

/** Columns of FOCUS 1.2 (focus.finops.org), alphabetical as its specification has them. Costs are null without a price. */
const STANDARD: readonly ExportColumn[] = [
  number('BilledCost', ({ cost }) => cost),
  text('BillingAccountId', (_row, { cluster }) => cluster),
  text('BillingAccountName', (_row, { cluster }) => cluster),
  text('BillingCurrency', (_row, { currency }) => currency),
  second('BillingPeriodEnd', ({ from }) => monthOf(from, 1)),
  second('BillingPeriodStart', ({ from }) => monthOf(from, 0)),
  text('ChargeCategory', () => 'Usage'),
  text('ChargeClass', () => null),
  text('ChargeDescription', describe),
  text('ChargeFrequency', () => 'Usage-Based'),
  second('ChargePeriodEnd', ({ to }) => to),
  second('ChargePeriodStart', ({ from }) => from),
  number('ConsumedQuantity', kwhOf),
  text('ConsumedUnit', () => 'kWh'),
  number('ContractedCost', ({ cost }) => cost),
  number('EffectiveCost', ({ cost }) => cost),
  text('InvoiceIssuerName', (_row, { cluster }) => cluster),
  number('ListCost', ({ cost }) => cost),
  number('PricingQuantity', (row) => (row.cost === null ? null : kwhOf(row))),
  text('PricingUnit', ({ cost }) => (cost === null ? null : 'kWh')),
  text('ProviderName', (_row, { cluster }) => cluster),
  text('PublisherName', () => 'carbon-extender'),
  text('RegionId', ({ zone }) => zone),
  text('RegionName', ({ zone }) => zone),
  text('ResourceId', resourceId),
  text('ResourceName', ({ container }) => container.container),
  text('ResourceType', ({ container }) => (isContainer(container.namespace) ? 'Container' : 'Node')),
  text('ServiceCategory', () => 'Compute'),
  text('ServiceName', () => 'Kubernetes'),
  text('ServiceSubcategory', () => 'Containers'),
  text('SubAccountId', ({ container }) => container.namespace),
  text('SubAccountName', ({ container }) => container.namespace),
  text('SubAccountType', () => 'Namespace'),
  text('Tags', tags),
];

/** Columns that FOCUS does not have, with the prefix that it reserves for them. */
const CUSTOM: readonly ExportColumn[] = [
  text('x_Cluster', (_row, { cluster }) => cluster),
  text('x_Node', ({ container }) => container.node),
  text('x_Namespace', ({ container }) => container.namespace),
  text('x_Workload', ({ container }) => workloadName(container.pod)),
  text('x_Pod', ({ container }) => container.pod),
  text('x_Container', ({ container }) => container.container),
  text('x_GridZone', ({ zone }) => zone),
  number('x_EnergyKwh', kwhOf),
  number('x_EnergyGpuKwh', gpuKwhOf),
  number('x_EnergyLowKwh', (row) => boundOf(row, 'low')),
  number('x_EnergyHighKwh', (row) => boundOf(row, 'high')),
  number('x_EnergyFacilityKwh', facilityKwhOf),
  text('x_EnergyQuality', ({ container }) => container.powerQuality ?? 'measured'),
  number('x_EnergyMeasuredMinutes', ({ coveredMs }) => coveredMs / 60_000),
  number('x_CarbonLocationGrams', ({ grams }) => grams),
  number('x_CarbonUnknownEnergyKwh', unpricedOf),
  number('x_CarbonMarketGrams', (row) => marketFigure(row, 'grams')),
  number('x_CarbonMarketUnknownEnergyKwh', (row) => marketFigure(row, 'unknownKwh')),
  text('x_CarbonMarketBasis', marketBasis),
  number('x_CarbonEmbodiedGrams', ({ embodiedGrams }) => embodiedGrams),
  number('x_EnergyMatchedKwh', (row) => marketFigure(row, 'matchedKwh')),
  number('x_EnergyMatchedShare', (row) => marketFigure(row, 'share')),
  number('x_CarbonIntensityGramsPerKwh', intensityOf),
  text('x_CarbonIntensityQuality', ({ quality }) => quality),
  text('x_CarbonIntensitySource', ({ providers }) => providers.join(', ') || null),
];

/** A time as FOCUS has it (its attribute DateTimeFormat): YYYY-MM-DDTHH:mm:ssZ, without a fraction. */
function second(name: string, value: ExportColumn['value']): ExportColumn {
  return { ...time(name, value), written: (at) => `${isoTime(at).slice(0, 19)}Z` };
}

/** FOCUS rows: the standard columns, then those with the prefix `x_`. */
export const FOCUS_COLUMNS: readonly ExportColumn[] = [...STANDARD, ...CUSTOM];

function describe({ container }: Activity): string {
  if (container.namespace === IDLE) return `Electricity of node ${container.node} while idle`;
  if (container.namespace === SYSTEM) return `Electricity of node ${container.node} outside containers`;
  if (container.namespace === UNMETERED) return `Electricity of node ${container.node} that its meter counted beyond`;
  return `Electricity of container ${container.namespace}/${container.pod}/${container.container}`;
}

function isContainer(namespace: string): boolean {
  return namespace !== IDLE && namespace !== SYSTEM && namespace !== UNMETERED;
}

function resourceId({ container }: Activity, { cluster }: ExportFacts): string {
  const { node, namespace, pod, container: name } = container;
  return [cluster, node, namespace, pod, name].join('/');
}

function tags({ container }: Activity, { labelsOf }: ExportFacts): string {
  return JSON.stringify(labelsOf(container) ?? {});
}

/** Start of the calendar month of a time, or of one some months later. */
function monthOf(time: EpochMs, later: number): EpochMs {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}
