import { HOUR_MS } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ProviderClientMetrics } from './grid-metrics.ts';

/** Something wrong with one value of a provider, or with its data as a whole. */
export type DataIssue = 'malformed' | 'negative' | 'implausible' | 'duplicate' | 'unknown-code' | 'deprecated';

/** Where adapters report what they could not use. */
export interface DataIssueReporter {
  /** Largest intensity that is used, in gCO2eq/kWh. */
  readonly maxIntensity: number;
  /** Counts an issue, and logs the first one of a zone and reason in an hour. */
  report(zone: Zone, reason: DataIssue, detail: string): void;
}

const QUIET_MS = HOUR_MS;
/** Log lines remembered as written; beyond that all are forgotten and may be written again. */
const MOST_REMEMBERED = 1_000;

/** Makes the report of one provider. */
export function createDataIssueReport(options: {
  readonly provider: string;
  readonly clock: Clock;
  readonly metrics?: ProviderClientMetrics | undefined;
  readonly logger?: Logger | undefined;
}): DataIssueReporter['report'] {
  const { provider, clock, metrics, logger } = options;
  const loggedAt = new Map<string, number>();
  return (zone, reason, detail) => {
    metrics?.dataIssue(provider, reason);
    const key = `${zone} ${reason}`;
    const now = clock.monotonic();
    if (now - (loggedAt.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    if (loggedAt.size >= MOST_REMEMBERED) loggedAt.clear();
    loggedAt.set(key, now);
    const facts = { provider, zone, reason, detail };
    if (reason === 'unknown-code')
      logger?.warn(
        { code: 'GRID_CODE_UNKNOWN', ...facts },
        'a grid provider reports electricity from an unknown source; it is counted as other',
      );
    else if (reason === 'deprecated')
      logger?.warn(
        { code: 'GRID_API_DEPRECATED', ...facts },
        'a grid provider has deprecated the API that is used; look for a newer release',
      );
    else
      logger?.warn(
        { code: 'GRID_VALUE_DROPPED', ...facts },
        'dropped an implausible value of a grid provider; the other values are used',
      );
  };
}
