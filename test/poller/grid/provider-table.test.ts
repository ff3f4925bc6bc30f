import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { gridProviders } from '../../../poller/grid/provider-table.ts';
import { PROVIDER_NAMES } from '../../../poller/grid/settings.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { FakeClock } from '../../fake-clock.ts';
import { itKeepsTheProviderContract } from './providers/provider-contract.ts';
import { SUBJECTS } from './providers/subjects.ts';

for (const subject of SUBJECTS) itKeepsTheProviderContract(subject);

const config = (env: Record<string, string>) => loadConfig('poller', pollerConfigSchema, env);
const names = (env: Record<string, string>) => gridProviders(config(env), new FakeClock()).map(({ name }) => name);
const covering = (env: Record<string, string>, code: string) =>
  gridProviders(config(env), new FakeClock())
    .filter((provider) => provider.covers(zone(code)))
    .map(({ name }) => name);

describe('the table of providers', () => {
  it('has a contract run for every provider that talks to a service', () => {
    const tested = new Set<string>(SUBJECTS.map(({ provider }) => provider));

    expect(PROVIDER_NAMES.filter((name) => !tested.has(name))).toEqual(['replay', 'yearly-average']);
  });

  it('asks those with a key first, then the key-less ones that cover the zone, then yearly averages', () => {
    const env = { ELECTRICITY_MAPS_API_KEY: 'k', EIA_API_KEY: 'k', WATTTIME_USERNAME: 'u', WATTTIME_PASSWORD: 'p' };

    expect(covering(env, 'US-CAL-CISO')).toEqual(['electricity-maps', 'watttime', 'eia', 'yearly-average']);
    expect(covering(env, 'GB')).toEqual(['electricity-maps', 'watttime', 'uk-carbon-intensity', 'yearly-average']);
    expect(covering({}, 'DK-DK1')).toEqual(['energinet', 'yearly-average']);
    expect(covering({}, 'DE')).toEqual(['energy-charts', 'yearly-average']);
    expect(covering({}, 'US-CAL-CISO')).toEqual(['yearly-average']);
  });

  it('keeps the order that GRID_PROVIDERS gives', () => {
    expect(names({ GRID_PROVIDERS: 'energy-charts, eia', EIA_API_KEY: 'k' })).toEqual(['energy-charts', 'eia']);
  });

  it.each([
    [{ GRID_PROVIDERS: 'watttime' }, /GRID_PROVIDERS.*watttime, which needs WATTTIME_USERNAME and WATTTIME_PASSWORD/],
    [{ GRID_PROVIDERS: 'coal' }, /GRID_PROVIDERS.*is not one of replay, json/],
    [{ WATTTIME_USERNAME: 'me' }, /WATTTIME_USERNAME.*and WATTTIME_PASSWORD are needed together/],
    [{ WATTTIME_REGIONS: 'nonsense' }, /WATTTIME_REGIONS.*is not of the form ZONE:NAME/],
  ])('names the fault of %o', (env, fault) => {
    expect(() => config(env)).toThrow(fault);
  });
});
