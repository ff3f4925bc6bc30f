import { describe, expect, it } from 'vitest';
import { cacheText } from '../extender/cache/cache-file.ts';
import { startScheduler } from '../extender/webhook/start-webhook.ts';
import { annotatedPod, namesCall } from '../fixtures/kube-scheduler/calls.ts';
import { expectGolden, run } from './run.ts';

const SETTING = { cache: cacheText({ FR: 50, DE: 400 }), zones: { fr: 'FR', de: 'DE' }, watts: { fr: 5.25 } };

describe('carbon explain', () => {
  it('prints the candidates of a pod, and the same as JSON', async () => {
    await using scheduler = await startScheduler(SETTING);
    const pod = annotatedPod({ zones: 'FR', 'max-delay': 'soon' });
    await scheduler.call('/filter', namesCall(['de', 'fr', 'elsewhere'], pod));
    await scheduler.call('/prioritize', namesCall(['fr', 'elsewhere'], pod));
    const extender = ['--extender', `http://127.0.0.1:${scheduler.port}`];

    const table = await run(['explain', 'shop/web-0', ...extender], {});
    const json = await run(['explain', 'shop/web-0', '--json', ...extender], {});

    expect([table.code, json.code]).toEqual([0, 0]);
    expectGolden('explain', table.out);
    expect(JSON.parse(json.out).candidates).toHaveLength(3);
  });

  it('distinguishes an unknown pod from an extender that does not respond', async () => {
    await using scheduler = await startScheduler(SETTING);

    const unknown = await run(['explain', 'never', '--extender', `http://127.0.0.1:${scheduler.port}`], {});
    const silent = await run(['explain', 'never', '--extender', 'http://127.0.0.1:1'], {});

    expect(unknown).toMatchObject({
      code: 1,
      notes: expect.stringContaining('no decision is remembered for default/never'),
    });
    expect(silent).toMatchObject({ code: 2, notes: expect.stringContaining('[EXTENDER_UNREACHABLE]') });
  });
});
