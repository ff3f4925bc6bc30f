import { openAlertMemory } from '../../shared/store/open-alert-memory.ts';
import { openLease } from '../../shared/store/open-lease.ts';
import type { PollerConfig } from '../config.ts';
import { type AlertOptions, type Alerts, createAlerts } from './alerts.ts';

/** Alerts that keep their state over restarts and that only one of several pollers sends. */
export interface OpenAlerts extends Alerts, AsyncDisposable {}

/** Opens the alerts of a configuration; undefined without SLACK_WEBHOOK_URL. */
export async function openAlerts(
  options: Omit<AlertOptions, 'memory' | 'lease' | 'config'> & { readonly config: PollerConfig },
): Promise<OpenAlerts | undefined> {
  const { config, clock, logger } = options;
  if (config.SLACK_WEBHOOK_URL === undefined) return undefined;
  await using stack = new AsyncDisposableStack();
  const memory = stack.use(await openAlertMemory(config));
  const lease = stack.use(await openLease(config, 'alerts', { clock, logger }));
  const decided = new Promise<void>((resolve) => lease.onChange(() => resolve()));
  const alerts = createAlerts({ ...options, memory, lease });
  const opened = stack.move();
  return {
    async observe(samples, signal) {
      // A process that runs once would end before the lease is decided.
      await Promise.race([decided, stopped(signal)]);
      if (!signal.aborted) await alerts?.observe(samples, signal);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
