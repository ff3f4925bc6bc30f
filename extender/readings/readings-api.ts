import type { MeterReadingsStore } from '../../shared/records/meter-readings.ts';
import type { OnCertificate } from '../../shared/runtime/certificates.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { usesRedis } from '../../shared/runtime/redis-settings.ts';
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

/** Takes readings into the store, or into Redis where it is configured. */
export function openReadingsApi(
  config: ReadingsApiConfig,
  { store, ...options }: { store: MeterReadingsStore; clock: Clock; logger: Logger; onCertificate?: OnCertificate },
): ReadingsApi {
  const intake = usesRedis(config) ? redisIntake({ config, ...options }) : storeIntake({ store, ...options });
  return { intake, store, config, [Symbol.asyncDispose]: () => intake[Symbol.asyncDispose]() };
}
