import type { ForecastPoint } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { failureOf } from './provider.ts';

/** Forecasts and mixes change each hour; past values are revised for about a day. */
const EVERY_MS = { forecast: HOUR_MS, mix: HOUR_MS, marginal: HOUR_MS, backfill: 6 * HOUR_MS };
/** After a failure, and where the provider does not have the data for the zone. */
const RETRY_MS = HOUR_MS / 4;
const NOT_COVERED_MS = 24 * HOUR_MS;

type Kind = keyof typeof EVERY_MS;

/** What is known of the data beside a zone's newest value, and when each kind is fetched again. */
export interface ZoneState {
  readonly provider: string;
  readonly dueAt: Record<Kind, EpochMs>;
  /** Until when the provider is known not to have the data for the zone. */
  readonly notCoveredUntil: Record<Kind, EpochMs>;
  /** The provider's own points, as it sent them last. */
  fetched: readonly ForecastPoint[];
  /** What is published: the provider's points joined with our own. */
  forecast: { readonly points: readonly ForecastPoint[]; readonly source: string } | undefined;
  archive: 'pending' | 'done';
}

/** Whether anything is to be fetched. */
export function isDue(state: ZoneState, now: EpochMs): boolean {
  return Object.values(state.dueAt).some((at) => at <= now);
}

/** What the log calls each kind. */
const NAMES: Readonly<Record<Kind, string>> = {
  forecast: 'forecast',
  mix: 'energy mix',
  marginal: 'marginal intensity',
  backfill: 'history',
};

/** Fetches one kind of data when it is due, and decides when it is due again; undefined when there is nothing new. */
export async function whenDue<Value>(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  state: ZoneState,
  kind: Kind,
  fetch: (() => Promise<Value>) | undefined,
): Promise<Value | undefined> {
  const now = clock.now();
  if (state.dueAt[kind] > now) return undefined;
  if (fetch === undefined || state.notCoveredUntil[kind] > now) {
    state.dueAt[kind] = now + EVERY_MS[kind];
    return undefined;
  }
  try {
    const value = await fetch();
    // On the hour, not an hour later: a forecast that starts with the last hour has one point less for most of the next.
    state.dueAt[kind] = kind === 'backfill' ? now + EVERY_MS[kind] : hourOf(now) + EVERY_MS[kind];
    return value;
  } catch (error) {
    const { cause, ...facts } = failureOf(error);
    if (facts.reason === 'not-covered') state.notCoveredUntil[kind] = now + NOT_COVERED_MS;
    state.dueAt[kind] = now + (facts.reason === 'not-covered' ? EVERY_MS[kind] : RETRY_MS);
    logger.debug(facts, `could not refresh the ${NAMES[kind]} of a zone from its grid provider; keeping the last one`);
    return undefined;
  }
}
