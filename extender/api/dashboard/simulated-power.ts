import { type EpochMs, HOUR_MS } from '../../../shared/grid/units.ts';
import type { ApiDependencies } from '../route.ts';

/** Samples that ended longer ago than this do not count. */
const LATELY_MS = 24 * HOUR_MS;
/** The list of containers is long in a large cluster. */
const EVERY_MS = 60_000;

/** Whether any power recorded in the last day is simulated; null until the store has responded. Never waits for it. */
export function simulatedPower({ store, clock, logger }: ApiDependencies): () => boolean | null {
  let known: boolean | null = null;
  let lookedAt: EpochMs | undefined;
  const refresh = async (now: EpochMs) => {
    try {
      const spans = await store.containers();
      known = spans.some(({ container, last }) => container.powerQuality === 'simulated' && last > now - LATELY_MS);
    } catch (err) {
      logger.debug({ err }, 'it is not known whether the recorded power is simulated');
    }
  };
  return () => {
    const now = clock.now();
    if (lookedAt === undefined || now - lookedAt >= EVERY_MS) {
      lookedAt = now;
      void refresh(now);
    }
    return known;
  };
}
