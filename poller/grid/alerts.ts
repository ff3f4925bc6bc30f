import type { Dispatcher } from 'undici';
import { ZodError } from 'zod';
import type { IntensitySample } from '../../shared/grid/intensity.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Lease, soleLease } from '../../shared/runtime/lease.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertMemory } from '../../shared/store/alert-memory.ts';
import type { GridMetrics } from './grid-metrics.ts';
import { trackIncidents } from './incidents.ts';
import type { GridSettings } from './settings.ts';
import { sendToSlack } from './slack.ts';

/** Slack accepts about one message per second and webhook. */
const BETWEEN_MESSAGES_MS = 1_100;
const TIMEOUT_MS = 5_000;
/** Messages kept while Slack cannot be reached; beyond that the oldest are dropped. */
const MOST_WAITING = 50;

/** Sends messages about incidents of the grid data to Slack. */
export interface Alerts {
  /** Sends the messages of a poll cycle and those still waiting. Never throws. */
  observe(samples: readonly IntensitySample[], signal: AbortSignal): Promise<void>;
}

/** What alerts need. */
export interface AlertOptions {
  readonly config: Pick<GridSettings, 'SLACK_WEBHOOK_URL' | 'ALERT_INTENSITY'>;
  readonly zones: readonly Zone[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GridMetrics;
  /** How Slack is reached; absent: directly. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Keeps the state over restarts; absent: each start begins anew. */
  readonly memory?: AlertMemory;
  /** Decides which of several pollers sends; absent: this one does. */
  readonly lease?: Lease;
}

/** Alerts to SLACK_WEBHOOK_URL; undefined without one. */
export function createAlerts(options: AlertOptions): Alerts | undefined {
  const { lease = soleLease, clock } = options;
  const webhook = options.config.SLACK_WEBHOOK_URL;
  if (webhook === undefined) return undefined;
  let watch: ReturnType<typeof startWatch> | undefined;
  const deliver = slackDelivery(webhook, options);
  return {
    async observe(samples, signal) {
      if (!lease.held) {
        // What the holder sends meanwhile is not known here.
        watch = undefined;
        return;
      }
      watch ??= startWatch(options);
      await watch.recall();
      watch.waiting.push(...watch.incidents.observe(samples, clock.now()));
      watch.waiting.splice(0, watch.waiting.length - MOST_WAITING);
      // Before anything is sent: a process that ends here neither repeats nor loses a message.
      await watch.keep();
      await deliver(watch.waiting, watch.keep, signal);
    },
  };
}

/** Incidents and messages since the start or since the lease was acquired, merged with the kept state as soon as it can be read. */
function startWatch({ config, zones, clock, logger, memory }: AlertOptions) {
  const incidents = trackIncidents(zones, config.ALERT_INTENSITY, clock.now());
  const waiting: string[] = [];
  let recalled = memory === undefined;
  let warned = false;
  const warnOnce = (err: unknown) => {
    const text = 'could not read or write the state of alerts; a restart may repeat some: check the store';
    if (!warned) logger.warn({ code: 'ALERT_STATE_UNAVAILABLE', err }, text);
    warned = true;
  };
  return {
    incidents,
    waiting,
    async recall(): Promise<void> {
      if (recalled) return;
      try {
        const known = await memory?.load();
        recalled = true;
        if (known === undefined) return;
        incidents.recall(known);
        waiting.unshift(...known.waiting);
      } catch (err) {
        warnOnce(err);
        // Damaged state is replaced; a database that is away is tried again.
        recalled = err instanceof SyntaxError || err instanceof ZodError;
      }
    },
    async keep(): Promise<void> {
      // State that could not be read must not be overwritten.
      if (!recalled) return;
      try {
        await memory?.save({ ...incidents.state(), waiting });
        warned = false;
      } catch (err) {
        warnOnce(err);
      }
    },
  };
}

/** Sends the waiting messages, oldest first, until Slack asks for a pause. */
function slackDelivery(webhook: string, { clock, logger, metrics, dispatcher }: AlertOptions) {
  let quietUntil = Number.NEGATIVE_INFINITY;
  return async (waiting: string[], keep: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    if (clock.monotonic() < quietUntil) return;
    for (let text = waiting[0]; text !== undefined && !signal.aborted; text = waiting[0]) {
      const delivery = await sendToSlack(webhook, text, { clock, timeoutMs: TIMEOUT_MS, signal, dispatcher });
      metrics.alerts.inc({ outcome: delivery.outcome });
      if (delivery.outcome === 'retry') {
        quietUntil = clock.monotonic() + (delivery.afterMs ?? 0);
        const facts = { code: 'ALERT_NOT_SENT', reason: delivery.reason, waiting: waiting.length };
        logger.warn(facts, 'could not send an alert to Slack; keeping it for the next poll cycle');
        return;
      }
      waiting.shift();
      await keep();
      if (delivery.outcome === 'refused')
        logger.error(
          { code: 'ALERT_REFUSED', reason: delivery.reason },
          'Slack refused an alert and it was dropped; check SLACK_WEBHOOK_URL',
        );
      if (waiting.length > 0) await clock.sleep(BETWEEN_MESSAGES_MS, signal);
    }
  };
}
