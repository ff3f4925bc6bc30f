// A replica of the deferral controller for the test with a real Kueue, whose hours pass faster: run as a child process.
import { Registry } from 'prom-client';
import { startDeferral } from '../../extender/deferral/controller.ts';
import { createDeferralMetrics } from '../../extender/deferral/deferral-metrics.ts';
import { createEventWriter } from '../../extender/kubernetes/events.ts';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import { HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { connectKubernetes } from '../../shared/runtime/kubernetes/connect.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { gridState } from '../extender/deferral/grid-document.ts';
import { type Acceleration, acceleratedClock, intensityAt } from './acceleration.ts';

const acceleration = JSON.parse(process.argv[2] ?? '') as Acceleration;
const identity = process.argv[3] ?? '';
const clock = acceleratedClock(acceleration);
const logger = createLogger('extender', 'info');
const client = connectKubernetes({ KUBECONFIG: process.env.KUBECONFIG });
if (client === undefined) throw new Error('KUBECONFIG is missing');

let known: { readonly hour: number; readonly state: CacheState } | undefined;
startDeferral({
  client,
  cache() {
    const now = clock.now();
    if (known?.hour !== hourOf(now)) {
      const hours = Array.from({ length: 48 }, (_, ahead) => intensityAt(acceleration, now + ahead * HOUR_MS));
      known = { hour: hourOf(now), state: gridState({ DE: hours }, now, { ttlMinutes: 600 }) };
    }
    return known.state;
  },
  zones: () => [zone('DE')],
  mode: 'on',
  periodMs: acceleration.periodMs,
  releasePerMinute: 100_000,
  defaultDurationHours: 1,
  lease: { namespace: 'carbon-extender', identity },
  metrics: createDeferralMetrics(new Registry()),
  writeEvent: createEventWriter(client, { perMinute: 60_000, clock, logger, count: () => undefined }),
  clock,
  logger,
});
process.stdout.write('{"msg":"controller started"}\n');
