import { intensitySample } from '../../../shared/grid/intensity.ts';
import { yearlyIntensity } from '../../../shared/grid/yearly-intensity.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { type GridProvider, ProviderError } from '../provider.ts';

const NAME = 'yearly-average';

/** The built-in yearly averages: no network, no key; `datetime` is the start of the year that the figure describes. */
export function yearlyAverage(clock: Clock): GridProvider {
  return {
    name: NAME,
    covers: (zone) => yearlyIntensity(zone) !== undefined,
    async latest(zone) {
      const known = yearlyIntensity(zone);
      if (!known)
        throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail: 'no yearly average is known' });
      return intensitySample({
        zone,
        carbonIntensity: known.gramsPerKwh,
        datetime: Date.UTC(known.year, 0, 1),
        fetchedAt: clock.now(),
        estimationMethod: `YEARLY_AVERAGE_${known.year}_${known.of}`,
        provider: NAME,
        quality: 'yearly-average',
      });
    },
  };
}
