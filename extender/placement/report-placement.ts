import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { WriteEvent } from '../kubernetes/events.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import type { InvalidAnnotation } from './annotations.ts';
import type { BoundPod } from './bindings.ts';
import { type BoundDecisionSources, decisionOfBoundPod } from './bound-decision.ts';
import type { PodMetadata } from './decision-log.ts';
import { describePlacement } from './placement-decision.ts';
import type { PlacementLink } from './placement-link.ts';
import type { PodPolicy } from './pod-policy.ts';

/** Where placement decisions are reported to. */
export interface PlacementReports {
  readonly metrics: ExtenderMetrics;
  readonly link: PlacementLink;
  readonly writeEvent: WriteEvent;
  /** DECISION_RECORDS: whether decisions are kept in the store. */
  readonly keepDecisions: boolean;
  /** Whether nothing on this cluster adds the gate to work that may wait. */
  readonly hasNoGate: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Reports where a pod was bound: to the store, the metrics and an Event. */
export function reportBoundPod(bound: BoundPod, sources: BoundDecisionSources, reports: PlacementReports): void {
  const { metrics, link, writeEvent, keepDecisions, clock, logger } = reports;
  if (reports.hasNoGate()) reportUngated(bound, sources, writeEvent);
  const decision = decisionOfBoundPod(bound, clock.now(), sources);
  if (decision === undefined) return;
  if (keepDecisions) link.keep(decision);
  const { namespace, pod, uid, node, mode, candidates } = decision;
  if (mode === 'off' || candidates === 0) return;
  metrics.countPlaced(decision.zone ?? undefined);
  const message = describePlacement(decision);
  if (mode === 'advise') logger.info({ namespace, pod, node, decision: message }, 'placement was only advised');
  if (message === undefined) return;
  writeEvent({
    about: { kind: 'Pod', namespace, name: pod, uid },
    type: 'Normal',
    reason: 'CarbonPlacement',
    message,
  });
}

/** Says of a pod that may wait, and did not, that this cluster cannot let it. */
function reportUngated(
  { namespace, pod, uid, annotations, owner, releasedAt }: BoundPod,
  { policyOf, releasedJob }: BoundDecisionSources,
  writeEvent: WriteEvent,
): void {
  const { mode, preferences } = policyOf({ namespace, annotations });
  const mayWait = preferences.maxDelayMs !== undefined || preferences.deadline !== undefined;
  if (mode !== 'enforce' || !mayWait || preferences.skip === true) return;
  if (releasedAt !== null || (owner?.kind === 'Job' && releasedJob(owner.uid) !== undefined)) return;
  writeEvent({
    about: { kind: 'Pod', namespace, name: pod, uid },
    type: 'Warning',
    reason: 'NotGated',
    message:
      'may wait for a cleaner hour, but started at once: this cluster has neither the admission policy nor the webhook of carbon-extender; put the scheduling gate carbon-extender.io/wait into the template of the pod',
  });
}

/** Reports a pod's annotations that were ignored: to the metrics, the log and an Event. */
export function reportInvalidAnnotations(
  { namespace = 'default', name = '', uid = '' }: PodMetadata,
  { invalid }: PodPolicy,
  { metrics, writeEvent, logger }: Pick<PlacementReports, 'metrics' | 'writeEvent' | 'logger'>,
): void {
  metrics.countIgnored(invalid);
  logger.info({ namespace, pod: name, annotations: invalid }, 'ignored invalid annotations of a pod');
  writeEvent({
    about: { kind: 'Pod', namespace, name, uid },
    type: 'Warning',
    reason: 'InvalidAnnotation',
    message: `ignored: ${describeInvalid(invalid)}`,
  });
}

/** Invalid annotations in one sentence: each with its value and what is wrong with it. */
export function describeInvalid(invalid: readonly InvalidAnnotation[]): string {
  return invalid.map(({ annotation, value, problem }) => `${annotation}: "${value}" ${problem}`).join('; ');
}
