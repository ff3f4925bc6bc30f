import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { MeterReadingsStore, StoredReading } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { EXTENDER_ERRORS } from '../errors.ts';
import { Batcher } from './batcher.ts';
import { type Intake, IntakeError } from './intake.ts';

const RETRY_SECONDS = 5;

/** Writes readings to the store directly: for installations without Redis. */
export function storeIntake(options: { store: MeterReadingsStore; clock: Clock; logger: Logger }): Intake {
  const { store, clock, logger } = options;
  const number = numbering(clock);
  const numbered = (readings: readonly MeterReading[]) =>
    readings.map((reading): StoredReading => ({ ...reading, streamId: number() }));
  const batcher = new Batcher(async (readings) => {
    const stored = numbered(readings);
    await store.appendReadings(stored).catch((error) => {
      throw toIntakeError(error, logger);
    });
    return stored.map(({ streamId }) => ({ kind: 'taken', streamId }));
  });
  return {
    take: (readings) => batcher.take(readings),
    async takeOnce(readings, delivery) {
      try {
        return await store.appendReadingsOnce(numbered(readings), delivery);
      } catch (error) {
        throw toIntakeError(error, logger);
      }
    },
    state: async () => ({ backend: 'store', status: 'ok' }),
    async [Symbol.asyncDispose]() {
      await batcher.flushed();
    },
  };
}

function toIntakeError(err: unknown, logger: Logger): IntakeError {
  logger.error({ code: 'READINGS_NOT_STORED', err }, EXTENDER_ERRORS.READINGS_NOT_STORED.message);
  return new IntakeError('READINGS_NOT_STORED', RETRY_SECONDS, {}, { cause: err });
}

/** Ids like those of a stream: milliseconds, and a count within them. They never decrease. */
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
