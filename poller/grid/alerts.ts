import { ZodError } from 'zod';
import type { IntensitySample } from '../../shared/grid/intensity.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Lease, soleLease } from '../../shared/runtime/lease.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertMemory } from '../../shared/store/alert-memory.ts';
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
  observe(readings: readonly IntensitySample[], signal: AbortSignal): Promise<void>;
}

/** What alerts are made of. */
export interface AlertOptions {
  readonly config: Pick<GridSettings, 'SLACK_WEBHOOK_URL' | 'ALERT_INTENSITY'>;
  readonly zones: readonly Zone[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GridMetrics;
  /** Where the state outlives the process; without it each start begins anew. */
  readonly memory?: AlertMemory;
  /** Which of several pollers tells; without it this one does. */
  readonly lease?: Lease;
}

/** Alerts to SLACK_WEBHOOK_URL; undefined without one. */
export function createAlerts(options: AlertOptions): Alerts | undefined {
  const { lease = soleLease, clock } = options;
  const webhook = options.config.SLACK_WEBHOOK_URL;
  if (webhook === undefined) return undefined;
  let watch: ReturnType<typeof startWatch> | undefined;
  const mail = slackMail(webhook, options);
  return {
    async observe(readings, signal) {
      if (!lease.held) {
        // What the holder tells meanwhile is not known here.
        watch = undefined;
        return;
      }
      watch ??= startWatch(options);
      await watch.recall();
      watch.waiting.push(...watch.incidents.observe(readings, clock.now()));
      watch.waiting.splice(0, watch.waiting.length - MOST_WAITING);
      // Before anything is sent: a process that ends here neither repeats nor loses a message.
      await watch.keep();
      await mail(watch.waiting, watch.keep, signal);
    },
  };
}

/** Incidents and messages since the start or since the lease was won, joined with what is remembered as soon as that can be read. */
function startWatch({ config, zones, clock, logger, memory }: AlertOptions) {
  const incidents = followIncidents(zones, config.ALERT_INTENSITY, clock.now());
  const waiting: string[] = [];
  let recalled = memory === undefined;
  let complained = false;
  const complain = (err: unknown) => {
    if (!complained) logger.warn({ err }, 'the state of alerts cannot be read or kept: a restart may repeat some');
    complained = true;
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
        complain(err);
        // What no program can read is replaced; a database that is away is asked again.
        recalled = err instanceof SyntaxError || err instanceof ZodError;
      }
    },
    async keep(): Promise<void> {
      // What is remembered and could not be read must not be written over.
      if (!recalled) return;
      try {
        await memory?.save({ ...incidents.state(), waiting });
        complained = false;
      } catch (err) {
        complain(err);
      }
    },
  };
}

/** Sends what waits, oldest first, until Slack asks for patience. */
function slackMail(webhook: string, { clock, logger, metrics }: AlertOptions) {
  let quietUntil = Number.NEGATIVE_INFINITY;
  return async (waiting: string[], keep: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    if (clock.monotonic() < quietUntil) return;
    for (let text = waiting[0]; text !== undefined && !signal.aborted; text = waiting[0]) {
      const delivery = await sendToSlack(webhook, text, { clock, timeoutMs: TIMEOUT_MS, signal });
      metrics.alerts.inc({ outcome: delivery.outcome });
      if (delivery.outcome === 'retry') {
        quietUntil = clock.monotonic() + (delivery.afterMs ?? 0);
        const facts = { reason: delivery.reason, waiting: waiting.length };
        logger.warn(facts, 'an alert could not be sent; kept for later');
        return;
      }
      waiting.shift();
      await keep();
      if (delivery.outcome === 'refused') logger.error({ reason: delivery.reason }, 'Slack refused an alert');
      if (waiting.length > 0) await clock.sleep(BETWEEN_MESSAGES_MS, signal);
    }
  };
}
