import { describe, expect, it } from 'vitest';
import { createDecisionLog } from '../../../extender/placement/decision-log.ts';
import { policyOf, tableOf } from './table.ts';

const POLICY = policyOf({});
const pod = (name: string, uid = `uid-of-${name}`) => ({ name, namespace: 'shop', uid });

describe('the decision log', () => {
  it('keeps one entry for a pod, and a new one for another pod of that name or another policy', () => {
    const log = createDecisionLog();
    const first = log.of(pod('web'), POLICY, 1);

    const again = log.of(pod('web'), POLICY, 2);
    const replaced = log.of(pod('web', 'another'), POLICY, 3);
    const changed = log.of(pod('web', 'another'), { ...POLICY, key: 'other' }, 4);

    expect(again).toBe(first);
    expect(first?.at).toBe(2);
    expect(replaced).not.toBe(first);
    expect(changed).not.toBe(replaced);
    expect(log.find('shop', 'web')).toBe(changed);
    expect(log.size).toBe(1);
  });

  it('remembers nothing of a pod without a name', () => {
    expect(createDecisionLog().of({}, POLICY, 1)).toBeUndefined();
  });

  it('forgets the oldest pods beyond the limit of pods, and beyond the limit of memory', () => {
    const [byPods, byBytes] = [
      createDecisionLog({ pods: 2, bytes: 1e9 }),
      createDecisionLog({ pods: 100, bytes: 500 }),
    ];

    for (const log of [byPods, byBytes])
      for (const name of ['a', 'b', 'c', 'd']) {
        const entry = log.of(pod(name), POLICY, 1);
        if (entry === undefined) throw new Error('no entry');
        log.keepFiltered(entry, tableOf({ FR: 1, DE: 2 }), new Map());
      }

    const kept = [byPods, byBytes].map((log) => ['a', 'b', 'c', 'd'].filter((name) => log.find('shop', name)));
    // Two candidates of a view of their own take 2 × 88 bytes.
    expect(kept).toEqual([
      ['c', 'd'],
      ['c', 'd'],
    ]);
  });

  it('always keeps the newest, however large', () => {
    const log = createDecisionLog({ pods: 2, bytes: 1 });
    const entry = log.of(pod('web'), POLICY, 1);
    if (entry === undefined) throw new Error('no entry');

    log.keepFiltered(entry, tableOf({ FR: 1 }), new Map());

    expect(log.find('shop', 'web')).toBe(entry);
  });

  it('knows the controller of a pod, and passes over references that Kubernetes does not write', () => {
    const log = createDecisionLog();
    const owners = [{ kind: 'Job', name: 'no-controller' }, null, { kind: 'Job', name: 'nightly', controller: true }];

    const [owned, foreign] = [owners, 'text'].map(
      (ownerReferences, index) => log.of({ name: `p${index}`, ownerReferences }, POLICY, 1)?.owner,
    );

    expect([owned, foreign]).toEqual([{ kind: 'Job', name: 'nightly' }, undefined]);
  });
});
