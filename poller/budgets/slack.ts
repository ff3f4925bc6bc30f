import type { Dispatcher } from 'undici';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { sendToSlack } from '../grid/slack.ts';
import type { SendAlert } from './task.ts';

/** Longest wait for Slack, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** Sends budget alerts to SLACK_WEBHOOK_URL; undefined without one, and alerts are then log lines alone. */
export function slackAlerts(
  webhook: string | undefined,
  clock: Clock,
  logger: Logger,
  dispatcher?: Dispatcher,
): SendAlert | undefined {
  if (webhook === undefined) return undefined;
  return async (text, signal) => {
    const delivery = await sendToSlack(webhook, text, { clock, timeoutMs: TIMEOUT_MS, signal, dispatcher });
    if (delivery.outcome === 'retry')
      logger.warn(
        { code: 'ALERT_NOT_SENT', reason: delivery.reason },
        'could not send a budget alert to Slack; it is tried again in five minutes',
      );
    if (delivery.outcome === 'refused')
      logger.error(
        { code: 'ALERT_REFUSED', reason: delivery.reason },
        'Slack refused a budget alert and it was dropped; check SLACK_WEBHOOK_URL',
      );
    return delivery.outcome !== 'retry';
  };
}
