import { soleLease } from '../../shared/runtime/lease.ts';
import { outboundDispatcher } from '../../shared/runtime/outbound.ts';
import type { RecordingStore } from '../../shared/store/store.ts';
import type { PollerConfig } from '../config.ts';
import { type AlertOptions, type Alerts, createAlerts } from './alerts.ts';

/** How long the first alerts wait for the lease, in milliseconds. */
const DECIDED_WITHIN_MS = 5_000;

/** Alerts that keep their state over restarts and that only one of several pollers sends. */
export interface OpenAlerts extends Alerts, AsyncDisposable {}

/** Opens the alerts of a configuration; undefined without SLACK_WEBHOOK_URL. */
export async function openAlerts(
  options: Omit<AlertOptions, 'memory' | 'lease' | 'config'> & {
    readonly config: PollerConfig;
    /** Where alerts are remembered, and which of several pollers sends them; undefined: by this process alone. */
    readonly store: Pick<RecordingStore, 'alerts' | 'lease'> | undefined;
  },
): Promise<OpenAlerts | undefined> {
  const { config, store, clock } = options;
  if (config.SLACK_WEBHOOK_URL === undefined) return undefined;
  await using stack = new AsyncDisposableStack();
  const lease = stack.use(store?.lease('alerts') ?? soleLease);
  const changed = new Promise<void>((resolve) => lease.onChange(() => resolve()));
  // A lease that another process holds, or that cannot be taken, may never change.
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const decided = Promise.race([changed, clock.sleep(DECIDED_WITHIN_MS, stop.signal)]);
  const alerts = createAlerts({
    ...{ ...options, lease, dispatcher: outboundDispatcher(config) },
    ...(store && { memory: store.alerts }),
  });
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
