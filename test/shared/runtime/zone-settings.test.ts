import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { priceSettings } from '../../../shared/runtime/price-settings.ts';
import { zoneCorrections, zoneSettings } from '../../../shared/runtime/zone-settings.ts';

describe('zoneCorrections', () => {
  it('names what is read as another zone in ZONE_MAP and in DEFAULT_ZONE, and nothing else', () => {
    const corrected = zoneCorrections({ ZONE_MAP: 'a=UK, b=FR', DEFAULT_ZONE: 'US-PJM' });
    const right = zoneCorrections({ ZONE_MAP: 'a=GB', DEFAULT_ZONE: 'US-MIDA-PJM' });
    const unset = zoneCorrections({});

    expect(Object.fromEntries(corrected)).toEqual({ UK: 'GB', 'US-PJM': 'US-MIDA-PJM' });
    expect([...right, ...unset]).toEqual([]);
  });

  it('keeps nothing from one configuration to the next', () => {
    const before = zoneCorrections({ DEFAULT_ZONE: 'UK' });
    zoneCorrections({ DEFAULT_ZONE: 'FR' });

    expect([...before]).toEqual([['UK', 'GB']]);
  });
});

it.each([
  [{ ZONE_MAP: 'a=DK_1' }, 'contains "DK_1", which is not a zone code or cloud region; did you mean "DK-DK1"?'],
  [{ ZONE_MAP: 'a=' }, 'contains "a=", which is not node=ZONE'],
  [{ DEFAULT_ZONE: 'Germany' }, 'is not a zone code or cloud region; did you mean "DE"?'],
  [{ PRICE_PER_KWH: 'SE3=0.3' }, 'contains "SE3", which is not a zone code or cloud region; did you mean "SE-SE3"?'],
  [{ PRICE_PER_KWH: 'DE=-1' }, 'contains "DE=-1", which is not ZONE=price'],
])('%j is refused with the zone that is meant', (env, message) => {
  const schema = z.object({ ...zoneSettings, ...priceSettings });

  expect(() => loadConfig('test', schema, env)).toThrow(message);
});
