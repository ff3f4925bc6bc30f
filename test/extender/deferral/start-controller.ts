import { Registry } from 'prom-client';
import { type DeferralOptions, type RunningDeferral, startDeferral } from '../../../extender/deferral/controller.ts';
import { createDeferralMetrics } from '../../../extender/deferral/deferral-metrics.ts';
import { createEventWriter } from '../../../extender/kubernetes/events.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import type { capturedLog } from '../../captured-log.ts';
import type { KubernetesDouble } from '../../doubles/kubernetes.ts';

/** What a controller under test runs in. */
export interface ControllerWorld {
  readonly stack: AsyncDisposableStack;
  readonly cluster: KubernetesDouble;
  readonly clock: Clock;
  readonly log: ReturnType<typeof capturedLog>;
  readonly grid: () => CacheState;
}

/** Starts a deferral controller on the double of the API server, in the zones of nodes named after them (`node-fr`). */
export function startController(world: ControllerWorld, given: Partial<DeferralOptions> = {}): RunningDeferral {
  const { stack, cluster, clock, log } = world;
  const client = stack.use(createClient(openConnections({ server: cluster.url, user: {} })));
  const controller = startDeferral({
    client,
    cache: world.grid,
    zones: () => [zone('DE'), zone('FR')],
    zoneOf: (node) => /^node-([a-z]{2})/.exec(node)?.[1]?.toUpperCase() as Zone | undefined,
    mode: 'on',
    periodMs: 50,
    releasePerMinute: 100_000,
    defaultDurationHours: 1,
    lease: { namespace: 'carbon-extender', identity: 'a' },
    metrics: createDeferralMetrics(new Registry()),
    writeEvent: createEventWriter(client, { perMinute: 60_000, clock, logger: log, count: () => undefined }),
    clock,
    logger: log,
    ...given,
  });
  return stack.use(controller);
}
