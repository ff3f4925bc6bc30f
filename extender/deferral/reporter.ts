import { isoTime } from '../../shared/grid/units.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { isObsolete } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { WriteEvent } from '../kubernetes/events.ts';
import type { WaitingWork } from './waiting-work.ts';
import { copyToWorkload } from './writing.ts';

/** Creates what reports about work: Events on its object, and on Kueue's Workload the same and a copy of the plan. */
export function createReporter(options: {
  readonly client: KubernetesClient;
  readonly writeEvent: WriteEvent;
  readonly logger: Logger;
}) {
  const { client, writeEvent, logger } = options;
  const copy = async ({ admission, namespace }: WaitingWork, copied: Parameters<typeof copyToWorkload>[2]) => {
    if (!admission?.workload) return;
    const { name } = admission.workload;
    await copyToWorkload(client, admission.workload, copied).catch((err) => {
      if (!isObsolete(err)) logger.debug({ err, namespace, name }, 'could not copy a plan to its Workload');
    });
  };
  return {
    /** Writes an Event about the work, and about its Workload. */
    report(work: WaitingWork, reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal'): void {
      writeEvent({ about: { ...work, kind: work.objectKind }, reason, message, type });
      const workload = work.admission?.workload;
      if (workload) writeEvent({ about: { ...workload, kind: 'Workload' }, reason, message, type });
    },
    /** Copies a plan or a release to the Workload, where there is one; a failure is only logged, since the object has it. */
    copy,
    /** Copies the plan of work to its Workload where that does not have it yet. */
    async copyPlan(work: WaitingWork): Promise<void> {
      const { plan, admission } = work;
      if (plan === undefined || admission?.workload?.plannedStart === isoTime(plan.start)) return;
      const { start, zone, saving = Number.NaN } = plan;
      await copy(work, { slot: { start, zone, expected: Number.NaN }, saving });
    },
  };
}
