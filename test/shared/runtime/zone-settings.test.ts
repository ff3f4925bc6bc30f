import { describe, expect, it } from 'vitest';
import { zoneCorrections } from '../../../shared/runtime/zone-settings.ts';

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
