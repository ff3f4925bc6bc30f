import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { zoneCorrections, zoneSettings } from '../../../shared/runtime/zone-settings.ts';

const schema = z.object(zoneSettings);

describe('zoneCorrections', () => {
  it('names what was taken for another zone in ZONE_MAP and in DEFAULT_ZONE, and nothing else', () => {
    const wrong = schema.parse({ ZONE_MAP: 'a=UK,b=FR', DEFAULT_ZONE: 'US-PJM' });
    const corrected = Object.fromEntries(zoneCorrections(wrong));
    const right = schema.parse({ ZONE_MAP: 'a=GB', DEFAULT_ZONE: 'US-MIDA-PJM' });

    expect(corrected).toEqual({ UK: 'GB', 'US-PJM': 'US-MIDA-PJM' });
    expect([...zoneCorrections(right)]).toEqual([]);
  });
});
