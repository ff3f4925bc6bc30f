import { type PollerConfig, pollerConfigSchema } from '../../../../poller/config.ts';
import { gridProviders } from '../../../../poller/grid/provider-table.ts';
import type { ProviderName } from '../../../../poller/grid/settings.ts';
import type { Signal } from '../../../../shared/grid/intensity.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { startCarbonAwareSdk } from '../../../doubles/carbon-aware-sdk.ts';
import { EIA_KEY, startEia } from '../../../doubles/eia.ts';
import { GOOD_KEY, startElectricityMaps } from '../../../doubles/electricity-maps.ts';
import { startEnerginet } from '../../../doubles/energinet.ts';
import { startEnergyCharts } from '../../../doubles/energy-charts.ts';
import { FAULTS, type Fault, type GridService } from '../../../doubles/grid-service.ts';
import { startJsonSource } from '../../../doubles/json-source.ts';
import { startUkCarbonIntensity } from '../../../doubles/uk-carbon-intensity.ts';
import { PASSWORD, startWattTime, USERNAME } from '../../../doubles/watttime.ts';

/** A provider that is asked over HTTP, with the double that stands for its service. */
export interface Subject {
  readonly title: string;
  readonly provider: ProviderName;
  /** The zone to ask for, and what the service calls it. */
  readonly zone: string;
  readonly place: string;
  /** What the double is told, and what the provider must say, in gCO2eq/kWh. */
  readonly value: number;
  readonly told?: number;
  readonly signal: Signal;
  readonly quality: 'measured' | 'estimated' | 'forecast';
  /** False where answers do not say what they are about, so that one for another place cannot be told. */
  readonly namesItsPlace?: false;
  /** Minutes of one value. */
  readonly stepMinutes: number;
  start(values: Record<string, number>): Promise<GridService>;
  /** Settings that point at the double. */
  settings(url: string): Record<string, string>;
  readonly budget: keyof PollerConfig & string;
  readonly secrets: readonly string[];
}

/** Every provider that talks to a service. */
export const SUBJECTS: readonly Subject[] = [
  ...(['v4', 'v3'] as const).map(
    (version): Subject => ({
      title: `Electricity Maps ${version}`,
      provider: 'electricity-maps',
      zone: 'FR',
      place: 'FR',
      value: 42,
      signal: 'average',
      quality: 'estimated',
      stepMinutes: 60,
      start: startElectricityMaps,
      settings: (url) => ({
        ELECTRICITY_MAPS_URL: url.replace('/v4', `/${version}`),
        ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
      }),
      budget: 'ELECTRICITY_MAPS_REQUESTS_PER_HOUR',
      secrets: [GOOD_KEY],
    }),
  ),
  {
    title: 'WattTime',
    provider: 'watttime',
    zone: 'US-CAL-CISO',
    place: 'CAISO_NORTH',
    value: 394.63,
    signal: 'marginal',
    quality: 'estimated',
    stepMinutes: 5,
    start: startWattTime,
    settings: (url) => ({ WATTTIME_URL: url, WATTTIME_USERNAME: USERNAME, WATTTIME_PASSWORD: PASSWORD }),
    budget: 'WATTTIME_REQUESTS_PER_HOUR',
    secrets: [PASSWORD, 'c0ffee', Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')],
  },
  {
    title: 'UK Carbon Intensity, nation',
    namesItsPlace: false,
    provider: 'uk-carbon-intensity',
    zone: 'GB',
    place: 'GB',
    value: 186,
    signal: 'average',
    quality: 'measured',
    stepMinutes: 30,
    start: startUkCarbonIntensity,
    settings: (url) => ({ UK_CARBON_INTENSITY_URL: url }),
    budget: 'UK_CARBON_INTENSITY_REQUESTS_PER_HOUR',
    secrets: [],
  },
  {
    title: 'UK Carbon Intensity, region',
    provider: 'uk-carbon-intensity',
    zone: 'GB-13',
    place: '13',
    value: 97,
    signal: 'average',
    quality: 'forecast',
    stepMinutes: 30,
    start: startUkCarbonIntensity,
    settings: (url) => ({ UK_CARBON_INTENSITY_URL: url }),
    budget: 'UK_CARBON_INTENSITY_REQUESTS_PER_HOUR',
    secrets: [],
  },
  {
    title: 'Energy-Charts',
    namesItsPlace: false,
    provider: 'energy-charts',
    zone: 'DE',
    place: 'de',
    value: 497.5,
    signal: 'average',
    quality: 'measured',
    stepMinutes: 15,
    start: startEnergyCharts,
    settings: (url) => ({ ENERGY_CHARTS_URL: url }),
    budget: 'ENERGY_CHARTS_REQUESTS_PER_HOUR',
    secrets: [],
  },
  {
    title: 'Energinet',
    provider: 'energinet',
    zone: 'DK-DK1',
    place: 'DK1',
    value: 88,
    signal: 'average',
    quality: 'estimated',
    stepMinutes: 5,
    start: (values) => startEnerginet({ DK2: 61, ...values }),
    settings: (url) => ({ ENERGINET_URL: url }),
    budget: 'ENERGINET_REQUESTS_PER_HOUR',
    secrets: [],
  },
  {
    title: 'EIA',
    provider: 'eia',
    zone: 'US-TEX-ERCO',
    place: 'ERCO',
    value: 415.5,
    signal: 'average',
    quality: 'estimated',
    stepMinutes: 60,
    start: startEia,
    settings: (url) => ({ EIA_URL: `${url}/v2`, EIA_API_KEY: EIA_KEY }),
    budget: 'EIA_REQUESTS_PER_HOUR',
    secrets: [EIA_KEY],
  },
  {
    title: 'Carbon Aware SDK',
    namesItsPlace: false,
    provider: 'carbon-aware-sdk',
    zone: 'SE',
    place: 'swedencentral',
    value: 31,
    signal: 'average',
    quality: 'estimated',
    stepMinutes: 5,
    start: startCarbonAwareSdk,
    settings: (url) => ({
      CARBON_AWARE_SDK_URL: url,
      CARBON_AWARE_SDK_LOCATIONS: 'SE:swedencentral',
      CARBON_AWARE_SDK_SIGNAL: 'average',
    }),
    budget: 'CARBON_AWARE_SDK_REQUESTS_PER_HOUR',
    secrets: [],
  },
  {
    title: 'JSON source',
    provider: 'json',
    zone: 'PT',
    place: 'PT',
    value: 120,
    signal: 'average',
    quality: 'measured',
    stepMinutes: 60,
    start: startJsonSource,
    settings: (url) => ({ GRID_JSON_SOURCE: `${url}/mine.json?token=json-source-token` }),
    budget: 'GRID_JSON_SOURCE_REQUESTS_PER_HOUR',
    secrets: ['json-source-token'],
  },
];

/** Faults that a subject can show. */
export function faultsOf(subject: Subject): Fault[] {
  return FAULTS.filter((fault) => fault !== 'wrong-zone' || subject.namesItsPlace !== false);
}

/** A poller's settings for one subject, with a short time-out. */
export function configOf(subject: Subject, url: string, more: Record<string, string> = {}): PollerConfig {
  return loadConfig('poller', pollerConfigSchema, {
    GRID_PROVIDERS: subject.provider,
    GRID_TIMEOUT_SECONDS: '0.5',
    ZONES: subject.zone,
    ...subject.settings(url),
    ...more,
  });
}

/** The provider of a subject, as the poller makes it. */
export function providerOf(
  subject: Subject,
  url: string,
  clock: Parameters<typeof gridProviders>[1],
  more = {},
  metrics?: Parameters<typeof gridProviders>[2],
  logger?: Parameters<typeof gridProviders>[3],
) {
  const [provider] = gridProviders(configOf(subject, url, more), clock, metrics, logger);
  if (!provider) throw new Error(`${subject.title} was not made`);
  return provider;
}
