import type { Reading } from '../../shared/intensity.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { Zone } from '../../shared/zones.ts';
import type { GridMetrics } from './grid-metrics.ts';
import { followIncidents } from './incidents.ts';
import type { GridSettings } from './settings.ts';
import { sendToSlack } from './slack.ts';

/** Slack takes about one message a second and webhook. */
const BETWEEN_MESSAGES_MS = 1_100;
const TIMEOUT_MS = 5_000;
/** Messages kept while Slack cannot be reached; beyond that the oldest are given up. */
const MOST_WAITING = 50;

/** Tells Slack about incidents of the grid data. */
export interface Alerts {
  /** Takes in a round, and sends what it gives cause for and what is still waiting. Never throws. */
  observe(readings: readonly Reading[], signal: AbortSignal): Promise<void>;
}

/** Alerts to SLACK_WEBHOOK_URL; undefined without one. */
export function createAlerts(options: {
  readonly config: Pick<GridSettings, 'SLACK_WEBHOOK_URL' | 'ALERT_INTENSITY'>;
  readonly zones: readonly Zone[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GridMetrics;
}): Alerts | undefined {
  const { config, zones, clock, logger, metrics } = options;
  const webhook = config.SLACK_WEBHOOK_URL;
  if (webhook === undefined) return undefined;
  const incidents = followIncidents(zones, config.ALERT_INTENSITY, clock.now());
  const waiting: string[] = [];
  let quietUntil = Number.NEGATIVE_INFINITY;
  return {
    async observe(readings, signal) {
      waiting.push(...incidents.observe(readings, clock.now()));
      waiting.splice(0, waiting.length - MOST_WAITING);
      if (clock.monotonic() < quietUntil) return;
      for (let text = waiting[0]; text !== undefined && !signal.aborted; text = waiting[0]) {
        const delivery = await sendToSlack(webhook, text, { clock, timeoutMs: TIMEOUT_MS, signal });
        metrics.alerts.inc({ outcome: delivery.outcome });
        if (delivery.outcome === 'retry') {
          quietUntil = clock.monotonic() + (delivery.afterMs ?? 0);
          logger.warn(
            { reason: delivery.reason, waiting: waiting.length },
            'an alert could not be sent; kept for later',
          );
          return;
        }
        waiting.shift();
        if (delivery.outcome === 'refused') logger.error({ reason: delivery.reason }, 'Slack refused an alert');
        if (waiting.length > 0) await clock.sleep(BETWEEN_MESSAGES_MS, signal);
      }
    },
  };
}
