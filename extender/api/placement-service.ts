import { HOUR_MS } from '../../shared/grid/units.ts';
import type { DecisionWriter } from '../../shared/records/placements.ts';
import type { IntensityReader } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { EXTENDER_ERRORS } from '../errors.ts';
import { type FromStore, percentilesOf, type ToStore } from '../placement/placement-link.ts';

/** The API thread's end of the link to the scheduling thread: stores decisions, and publishes the percentiles of zones' histories. */
export interface PlacementService extends AsyncDisposable {
  receive(message: ToStore): Promise<void>;
}

/** Recent history: four weeks hold every weekday four times and little of another season. */
const HISTORY_MS = 28 * 24 * HOUR_MS;
const PUBLISH_MS = 10 * 60_000;

/** Starts the store's side of placements. Decisions that cannot be written stay with the scheduling thread, which tries again. */
export function startPlacementService(options: {
  readonly history: IntensityReader;
  readonly decisions: DecisionWriter;
  readonly post: (message: FromStore) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}): PlacementService {
  const { history, post, clock, logger } = options;
  let warned = false;
  const publish = async () => {
    const now = clock.now();
    const percentiles: Record<string, readonly number[]> = {};
    for (const zone of await history.zones()) {
      const hours = await history.intensities([zone], { from: now - HISTORY_MS, to: now });
      const known = percentilesOf(hours.filter((hour) => hour.signal === 'average'));
      if (known !== undefined) percentiles[zone] = known;
    }
    post({ kind: 'zone-history', percentiles });
  };
  const publishing = startLoop({ name: 'zone history', intervalMs: PUBLISH_MS, clock, logger, task: publish });
  return {
    async receive({ batch, decisions }) {
      try {
        await options.decisions.recordDecisions(decisions);
        warned = false;
        post({ kind: 'decisions-kept', batch });
      } catch (err) {
        if (!warned)
          logger.warn(
            { code: 'DECISIONS_NOT_WRITTEN', err, decisions: decisions.length },
            EXTENDER_ERRORS.DECISIONS_NOT_WRITTEN.message,
          );
        warned = true;
      }
    },
    async [Symbol.asyncDispose]() {
      await publishing[Symbol.asyncDispose]();
    },
  };
}
