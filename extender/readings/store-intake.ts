import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { MeterReadingsStore, StoredReading } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { Batcher } from './batcher.ts';
import { type Intake, IntakeError } from './intake.ts';

const RETRY_SECONDS = 5;

/** Takes readings straight into the store: for installations without Redis. */
export function storeIntake(options: { store: MeterReadingsStore; clock: Clock; logger: Logger }): Intake {
  const { store, clock, logger } = options;
  const number = numbering(clock);
  const numbered = (readings: readonly MeterReading[]) =>
    readings.map((reading): StoredReading => ({ ...reading, streamId: number() }));
  const batcher = new Batcher(async (readings) => {
    const stored = numbered(readings);
    await store.appendReadings(stored).catch((error) => {
      throw storeProblem(error, logger);
    });
    return stored.map(({ streamId }) => ({ kind: 'taken', streamId }));
  });
  return {
    take: (readings) => batcher.take(readings),
    async takeOnce(readings, delivery) {
      try {
        return await store.appendReadingsOnce(numbered(readings), delivery);
      } catch (error) {
        throw storeProblem(error, logger);
      }
    },
    state: async () => ({ backend: 'store', status: 'ok' }),
    async [Symbol.asyncDispose]() {
      await batcher.settled();
    },
  };
}

function storeProblem(error: unknown, logger: Logger): IntakeError {
  logger.error({ err: error }, 'the store takes no readings');
  return new IntakeError('The store takes no readings now', RETRY_SECONDS, { cause: error });
}

/** Numbers like those of a stream: milliseconds, and a count within them. They never go back. */
function numbering(clock: Clock): () => string {
  let lastMs = 0;
  let count = 0;
  return () => {
    const now = Math.max(lastMs, clock.now());
    count = now === lastMs ? count + 1 : 0;
    lastMs = now;
    return `${now}-${count}`;
  };
}
