import { describe, expect, it } from 'vitest';
import { preemptMetaCall, preemptPodsCall } from '../../fixtures/kube-scheduler/calls.ts';
import { startScheduler } from './start-webhook.ts';

describe('preempt', () => {
  it('vetoes nothing, and answers whole victims by their UIDs', async () => {
    await using scheduler = await startScheduler();

    const meta = await scheduler.call('/preempt', preemptMetaCall({ a: ['u-1', 'u-2'], b: ['u-3'] }));
    const pods = await scheduler.call('/preempt', preemptPodsCall({ a: ['u-1', 'u-2'] }));

    expect(JSON.parse(meta.text)).toEqual({
      NodeNameToMetaVictims: {
        a: { Pods: [{ UID: 'u-1' }, { UID: 'u-2' }], NumPDBViolations: 0 },
        b: { Pods: [{ UID: 'u-3' }], NumPDBViolations: 0 },
      },
    });
    expect(JSON.parse(pods.text)).toEqual({
      NodeNameToMetaVictims: { a: { Pods: [{ UID: 'u-1' }, { UID: 'u-2' }], NumPDBViolations: 1 } },
    });
  });

  it('answers nothing that is null, whatever is absent', async () => {
    await using scheduler = await startScheduler();

    const bare = await scheduler.call('/preempt', '{"Pod":{},"NodeNameToVictims":null,"NodeNameToMetaVictims":null}');
    const hollow = await scheduler.call('/preempt', '{"NodeNameToMetaVictims":{"__proto__":null,"b":{"Pods":null}}}');

    expect(bare.text).toBe('{"NodeNameToMetaVictims":{}}');
    expect(hollow.text).toBe(
      '{"NodeNameToMetaVictims":{"__proto__":{"Pods":[],"NumPDBViolations":0},"b":{"Pods":[],"NumPDBViolations":0}}}',
    );
  });

  it.each([
    [
      '{"NodeNameToMetaVictims":{"a":{"Pods":[{"UID":7}]}}}',
      'NodeNameToMetaVictims["a"].Pods[0].UID is a number, not a string',
    ],
    ['{"NodeNameToVictims":{"a":{"Pods":[{}]}}}', 'NodeNameToVictims["a"].Pods[0].metadata is missing, not an object'],
    [
      '{"NodeNameToMetaVictims":{"a":{"NumPDBViolations":0.5}}}',
      'NodeNameToMetaVictims["a"].NumPDBViolations is not a whole number',
    ],
  ])('refuses %s and names the problem', async (body, error) => {
    await using scheduler = await startScheduler();

    const reply = await scheduler.call('/preempt', body);

    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.text)).toMatchObject({ error, detail: error, status: 400 });
  });
});
