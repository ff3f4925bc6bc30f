import { isoTime } from '../../shared/grid/units.ts';
import { TokenBucket } from '../../shared/pacing/token-bucket.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly kind: string;
  /** Default: `v1` for a Pod, `batch/v1` for anything else. */
  readonly apiVersion?: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One Event, as `kubectl describe` shows it. */
export interface KubernetesEvent {
  readonly about: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase; each fact has exactly one. */
  readonly reason: string;
  readonly message: string;
}

/** Writes an Event in the background; never waited for, and never fails its caller. */
export type WriteEvent = (event: KubernetesEvent) => void;

/** Name under which the program's Events appear (`From` in `kubectl describe`). */
const COMPONENT = 'carbon-extender';
/** The API server refuses longer messages. */
const MAX_MESSAGE = 1_024;
const MAX_UNANSWERED = 50;

/**
 * Creates the one writer of Events: at most `perMinute` a minute, in bursts of up to a fifth of that. What is over the
 * rate is dropped and counted.
 */
export function createEventWriter(
  client: KubernetesClient,
  options: {
    readonly perMinute: number;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly count: (outcome: 'written' | 'failed' | 'limited') => void;
  },
): WriteEvent {
  const { clock, logger, count } = options;
  const { perMinute } = options;
  const bucket = new TokenBucket({ capacity: perMinute / 5, perMs: perMinute / 60_000 });
  let unanswered = 0;
  let number = 0;
  return (event) => {
    if (unanswered >= MAX_UNANSWERED || !bucket.take(clock.monotonic())) return count('limited');
    number += 1;
    const { kind, namespace, name } = event.about;
    const suffix = `${clock.now().toString(16)}${number.toString(16).padStart(6, '0')}`;
    unanswered += 1;
    client
      .request('POST', `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`, {
        type: 'application/json',
        value: eventBody(event, `${name.slice(0, 200)}.${suffix}`, clock.now()),
      })
      .then(
        () => count('written'),
        (err) => {
          count('failed');
          logger.debug({ err, kind, namespace, name, reason: event.reason }, 'could not write an Event');
        },
      )
      .finally(() => {
        unanswered -= 1;
      });
  };
}

function eventBody({ about, type, reason, message }: KubernetesEvent, name: string, now: number) {
  const time = isoTime(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: about.namespace },
    involvedObject: {
      apiVersion: about.apiVersion ?? (about.kind === 'Pod' ? 'v1' : 'batch/v1'),
      kind: about.kind,
      namespace: about.namespace,
      name: about.name,
      uid: about.uid,
    },
    type,
    reason,
    message: message.slice(0, MAX_MESSAGE),
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: '',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
