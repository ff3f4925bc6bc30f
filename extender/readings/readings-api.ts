import type { MeterReadingsStore } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { usesRedis } from '../../shared/runtime/redis-settings.ts';
import type { StoreConfig } from '../../shared/runtime/settings.ts';
import { openReadingsStore } from '../../shared/store/open-readings.ts';
import type { Intake } from './intake.ts';
import { redisIntake } from './redis-intake.ts';
import type { ReadingsApiConfig } from './settings.ts';
import { storeIntake } from './store-intake.ts';

/** What the readings and sites resources need. */
export interface ReadingsApi extends AsyncDisposable {
  readonly intake: Intake;
  readonly store: MeterReadingsStore;
  readonly config: ReadingsApiConfig;
}

/** Opens the store of readings, and Redis where it is configured. */
export async function openReadingsApi(
  config: ReadingsApiConfig & StoreConfig,
  options: { clock: Clock; logger: Logger },
): Promise<ReadingsApi> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openReadingsStore(config));
  const intake = stack.use(
    usesRedis(config) ? redisIntake({ config, ...options }) : storeIntake({ store, ...options }),
  );
  const open = stack.move();
  return { intake, store, config, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
