import { isoTime } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { KubernetesClient } from './client.ts';

/** A pod that an Event is about. */
export interface PodReference {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

/** One Event, as `kubectl describe pod` shows it. */
export interface PodEvent {
  readonly about: PodReference;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** Writes Events on pods; never waited for, and never in the way. */
export type WritePodEvent = (event: PodEvent) => void;

/** What the API server takes; more fails it. */
const MAX_MESSAGE = 1_024;
const MAX_UNANSWERED = 50;

/** Makes a writer of Events that spends at most so many a minute, in bursts of up to a fifth of that. */
export function createPodEvents(
  client: KubernetesClient,
  options: {
    readonly perMinute: number;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly count: (outcome: 'written' | 'failed' | 'limited') => void;
  },
): WritePodEvent {
  const { clock, logger, count } = options;
  const spend = createAllowance(options.perMinute, clock);
  let unanswered = 0;
  let number = 0;
  return ({ about, type, reason, message }) => {
    if (unanswered >= MAX_UNANSWERED || !spend()) return count('limited');
    const now = isoTime(clock.now());
    number += 1;
    const value = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${about.pod.slice(0, 200)}.${clock.now().toString(16)}${number.toString(16).padStart(6, '0')}`,
        namespace: about.namespace,
      },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: about.namespace, name: about.pod, uid: about.uid },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      source: { component: 'carbon-extender' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    unanswered += 1;
    client
      .request('POST', `/api/v1/namespaces/${encodeURIComponent(about.namespace)}/events`, {
        type: 'application/json',
        value,
      })
      .then(
        () => count('written'),
        (err) => {
          count('failed');
          logger.debug({ err, pod: about.pod, namespace: about.namespace }, 'an Event could not be written');
        },
      )
      .finally(() => {
        unanswered -= 1;
      });
  };
}

function createAllowance(perMinute: number, clock: Clock): () => boolean {
  const burst = Math.max(1, perMinute / 5);
  let left = burst;
  let last = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - last) / 60_000) * perMinute);
    last = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
