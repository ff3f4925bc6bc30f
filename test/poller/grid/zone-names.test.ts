import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import type { GridProvider } from '../../../poller/grid/provider.ts';
import { namedZones, requireKnownZones } from '../../../poller/grid/zone-names.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';

const load = (env: Record<string, string>) => loadConfig('poller', pollerConfigSchema, env);

describe('ZONES', () => {
  it('keeps names as they were given, each with its grid zone', () => {
    const { ZONES } = load({ ZONES: 'US-NY-NYISO, us-east-1,eu-central-1,aws/eu-west-1,DE,DE' });

    expect(namedZones(ZONES)).toEqual([
      { name: 'US-NY-NYISO', zone: 'US-NY-NYIS' },
      { name: 'us-east-1', zone: 'US-MIDA-PJM' },
      { name: 'eu-central-1', zone: 'DE' },
      { name: 'aws/eu-west-1', zone: 'IE' },
      { name: 'DE', zone: 'DE' },
    ]);
  });

  it.each([
    ['DK_1', /contains "DK_1", which is not a zone code or cloud region; did you mean "DK-DK1"\?/],
    ['DE,eu-west-1', /contains "eu-west-1", which is a region of several cloud providers; write alibaba/],
    ['DE,US-EAST-9', /contains "US-EAST-9", which is not a known zone; did you mean "us-east"\?/],
  ])('refuses %s and says what was likely meant', (ZONES, text) => {
    expect(() => load({ ZONES })).toThrow(text);
  });

  it('leaves a code that no table has to a provider with a catalogue', () => {
    expect(load({ ZONES: 'US-EAST-9', ELECTRICITY_MAPS_API_KEY: 'a-key' }).ZONES).toEqual(['US-EAST-9']);
    expect(load({ ZONES: 'US-EAST-9', GRID_JSON_SOURCE: '/mine.json' }).ZONES).toEqual(['US-EAST-9']);
  });
});

describe('requireKnownZones', () => {
  const provider = (known: boolean | undefined): GridProvider => ({
    name: 'catalogue',
    covers: () => true,
    knows: async () => known,
    latest: () => Promise.reject(new Error('not needed')),
  });
  const named = namedZones(['DE', 'US-EAST-9']);

  it('accepts what one provider has in its catalogue', async () => {
    await requireKnownZones(named, [provider(false), provider(true)], capturedLog());
  });

  it('refuses what no provider has, before anything is polled', async () => {
    const refused = requireKnownZones(named, [provider(false)], capturedLog());

    await expect(refused).rejects.toThrow(/ZONES: "US-EAST-9" is not a known zone; did you mean "us-east"\?/);
  });

  it('warns and goes on while a catalogue cannot be read', async () => {
    const log = capturedLog();

    await requireKnownZones(named, [provider(undefined)], log);

    expect(log.at('warn')).toMatchObject([{ fields: { code: 'ZONE_NOT_VERIFIED', zone: 'US-EAST-9' } }]);
  });
});
