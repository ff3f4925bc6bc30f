import { describe, expect, it } from 'vitest';
import type { BoundPod } from '../../../extender/placement/bindings.ts';
import { type BoundDecisionSources, decisionOfBoundPod } from '../../../extender/placement/bound-decision.ts';
import { createDecisionLog } from '../../../extender/placement/decision-log.ts';
import { configuredDirectory } from '../../../extender/placement/nodes.ts';
import { createPodPolicies, NO_NAMESPACES } from '../../../extender/placement/pod-policy.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { annotatedPod, namesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { cacheText, WRITTEN_AT } from '../cache/cache-file.ts';
import { gridState } from '../deferral/grid-document.ts';
import { startScheduler } from '../webhook/start-webhook.ts';

const BOUND_AT = Date.parse('2026-03-02T12:00:00Z');
const SLOW = { 'carbon-extender.io/max-delay': '6h' };

/** Made four hours before it was bound to a node in DE, one minute after the controller had released it. */
const bound: BoundPod = {
  ...{ namespace: 'batch', pod: 'report-x', uid: 'u-1', node: 'n-de', owner: null, annotations: SLOW, isQueued: false },
  arrivedAt: BOUND_AT - 4 * HOUR_MS,
  releasedAt: BOUND_AT - 60_000,
};

function sources(given: Partial<BoundDecisionSources> = {}): BoundDecisionSources {
  return {
    log: createDecisionLog(),
    policyOf: createPodPolicies({ mode: 'enforce', preferences: {} }, NO_NAMESPACES),
    directory: configuredDirectory(new Map([['n-de', zone('DE')]]), undefined),
    cache: () => gridState({ DE: [310] }, BOUND_AT - 120_000, { now: BOUND_AT }),
    releasedJob: () => undefined,
    ...given,
  };
}

describe('decisionOfBoundPod', () => {
  it('records where a pod went that had waited, although kube-scheduler did not ask about it', () => {
    const record = decisionOfBoundPod(bound, BOUND_AT, sources());

    expect(record).toEqual({
      ...{
        uid: 'u-1',
        namespace: 'batch',
        pod: 'report-x',
        ownerKind: null,
        ownerName: null,
        node: 'n-de',
        zone: 'DE',
      },
      ...{ intensity: 310, quality: 'measured', intensityAgeMs: 120_000, mode: 'enforce' },
      ...{ candidates: 0, candidateZones: null, candidatesMean: null, candidatesWorst: null, candidatesBest: null },
      ...{ arrivedAt: BOUND_AT - 4 * HOUR_MS, releasedAt: BOUND_AT - 60_000, latestStart: BOUND_AT + 2 * HOUR_MS },
      ...{ decidedAt: BOUND_AT, boundAt: BOUND_AT },
    });
  });

  it('records nothing of other pods without a request', () => {
    expect(decisionOfBoundPod({ ...bound, releasedAt: null }, BOUND_AT, sources())).toBeUndefined();
  });

  it('counts the pod of a Job that waited as made so much earlier', () => {
    const owner = { kind: 'Job', name: 'nightly', uid: 'job-1' };
    const pod = { ...bound, owner, arrivedAt: BOUND_AT - 5_000, releasedAt: null, annotations: {} };
    const waited = { uid: 'job-1', waitedMs: 3 * HOUR_MS, slackMs: 8 * HOUR_MS };

    const record = decisionOfBoundPod(
      pod,
      BOUND_AT,
      sources({ releasedJob: (uid) => (uid === 'job-1' ? waited : undefined) }),
    );

    const arrivedAt = BOUND_AT - 5_000 - 3 * HOUR_MS;
    expect(record).toMatchObject({ ownerKind: 'Job', ownerName: 'nightly', candidates: 0 });
    expect(record).toMatchObject({ arrivedAt, releasedAt: BOUND_AT - 5_000, latestStart: arrivedAt + 8 * HOUR_MS });
  });

  it('counts of a pod that Kueue queued the time that it was held, not the wait for quota after that', () => {
    const queued = { ...bound, isQueued: true, releasedAt: BOUND_AT - 3 * HOUR_MS };

    const record = decisionOfBoundPod(queued, BOUND_AT, sources());

    // Made four hours ago, held for one of them, then three hours in the queue that would have been there anyway.
    expect(record).toMatchObject({ arrivedAt: BOUND_AT - HOUR_MS, releasedAt: BOUND_AT - 3 * HOUR_MS });
  });

  it('keeps the wait of a pod where placement is off or the pod is skipped, and no other such pod', async () => {
    const off = sources({
      policyOf: createPodPolicies({ mode: 'off', preferences: {} }, NO_NAMESPACES),
      cache: () => ({ kind: 'missing' }) as never,
    });

    const record = decisionOfBoundPod(bound, BOUND_AT, off);

    expect(record).toMatchObject({ mode: 'off', intensity: null, releasedAt: BOUND_AT - 60_000 });
    expect(decisionOfBoundPod({ ...bound, releasedAt: null }, BOUND_AT, off)).toBeUndefined();
  });

  it('records nothing of a pod that was ranked with placement off, unless it had waited', async () => {
    await using scheduler = await startScheduler({ mode: 'off', zones: { fr: 'FR' } });
    await scheduler.call('/prioritize', namesCall(['fr'], annotatedPod({})));
    const web = { ...bound, namespace: 'shop', pod: 'web-0', uid: 'uid-of-web-0', node: 'fr' };
    const off = sources({
      log: scheduler.log,
      policyOf: createPodPolicies({ mode: 'off', preferences: {} }, NO_NAMESPACES),
    });

    expect(decisionOfBoundPod({ ...web, releasedAt: null }, WRITTEN_AT, off)).toBeUndefined();
    expect(decisionOfBoundPod({ ...web, releasedAt: WRITTEN_AT - 1 }, WRITTEN_AT, off)).toMatchObject({ mode: 'off' });
  });

  it('takes what was answered about the pod, with the zones between which it could choose', async () => {
    await using scheduler = await startScheduler({
      cache: cacheText({ FR: 50, DE: 400 }),
      zones: { fr: 'FR', 'fr-2': 'FR', de: 'DE', pl: 'PL' },
    });
    const deadline = isoTime(WRITTEN_AT + 2 * HOUR_MS);
    const pod = annotatedPod({ 'max-delay': '9h', deadline });
    await scheduler.call('/prioritize', namesCall(['de', 'fr', 'fr-2', 'pl', 'x'], pod));
    const web = { ...bound, namespace: 'shop', pod: 'web-0', uid: 'uid-of-web-0', node: 'fr', arrivedAt: WRITTEN_AT };

    const record = decisionOfBoundPod(web, WRITTEN_AT, sources({ log: scheduler.log }));

    expect(record).toMatchObject({ candidates: 5, candidateZones: 'DE=1,FR=2', latestStart: WRITTEN_AT + 2 * HOUR_MS });
    expect(scheduler.log.find('shop', 'web-0')?.node).toBe('fr');
  });
});
