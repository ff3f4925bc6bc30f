import { describe, expect, it } from 'vitest';
import { decisionOf, describePlacement } from '../../../extender/placement/placement-decision.ts';
import { annotatedPod, namesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { cacheText, WRITTEN_AT } from '../cache/cache-file.ts';
import { startScheduler } from '../webhook/start-webhook.ts';

const SETTING = { cache: cacheText({ FR: 50, DE: 400 }), zones: { fr: 'FR', de: 'DE', pl: 'PL' }, watts: { fr: 5 } };

describe('GET /explain', () => {
  it('lists the candidates with what is known of them, best first, and why', async () => {
    await using scheduler = await startScheduler(SETTING);
    await scheduler.call('/prioritize', namesCall(['de', 'fr', 'pl', 'x'], annotatedPod({ 'min-saving': '?' })));
    scheduler.clock.jump(90_000);

    const { status, text } = await scheduler.send('GET', '/explain?pod=shop/web-0');

    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      pod: 'shop/web-0',
      uid: 'uid-of-web-0',
      owner: null,
      mode: 'enforce',
      decided_at: '2026-01-01T12:00:00.000Z',
      node: null,
      reason: '4 candidates; the best score is 10',
      preferences: {},
      wishes: {},
      ignored_annotations: ['carbon-extender.io/min-saving: "?" is not a percentage from 0 to 100'],
      candidates_mean: 225,
      candidates: [
        row('fr', 'FR', 50, 10, 5),
        row('pl', 'PL', null, 6),
        row('x', null, null, 6),
        row('de', 'DE', 400, 1),
      ],
    });
  });

  it('names the refused ones with their reason, and the node once the pod is bound', async () => {
    await using scheduler = await startScheduler(SETTING);
    const pod = annotatedPod({ zones: 'FR' });
    await scheduler.call('/filter', namesCall(['de', 'fr'], pod));
    await scheduler.call('/prioritize', namesCall(['fr'], pod));
    const decision = scheduler.log.find('shop', 'web-0');
    if (decision) decision.node = 'fr';

    const explained = JSON.parse((await scheduler.send('GET', '/explain?pod=shop/web-0')).text);

    expect(explained).toMatchObject({ node: 'fr', reason: 'fr has the best score, 10, of 2 candidates, 1 refused' });
    expect(explained.candidates[1]).toMatchObject({ node: 'de', score: null, refused: expect.stringContaining('DE') });
  });

  it('says how many rank behind the others because they are nearly full', async () => {
    await using scheduler = await startScheduler({ ...SETTING, above: ['fr'] });
    const response = await scheduler.call('/prioritize', namesCall(['fr', 'de'], annotatedPod({})));
    const decision = scheduler.log.find('shop', 'web-0');
    if (decision) decision.node = 'de';

    const explained = JSON.parse((await scheduler.send('GET', '/explain?pod=shop/web-0')).text);

    expect(JSON.parse(response.text)).toEqual([
      { Host: 'fr', Score: 0 },
      { Host: 'de', Score: 10 },
    ]);
    expect(explained.reason).toBe(
      'de has the best score, 10, of 2 candidates, 1 behind the others for their utilisation',
    );
  });

  it('says what is wrong with a request that it cannot serve', async () => {
    await using scheduler = await startScheduler(SETTING);

    const unnamed = await scheduler.send('GET', '/explain');
    const unknown = await scheduler.send('GET', '/explain?pod=shop/never');

    expect([unnamed.status, unknown.status]).toEqual([400, 404]);
    expect(JSON.parse(unknown.text).error).toMatch(/^no decision is remembered for shop\/never/);
  });

  it('forgets the oldest pods, not the newest', async () => {
    await using scheduler = await startScheduler(SETTING);
    const call = (at: number) => namesCall(['fr', 'de'], annotatedPod({}, { name: `web-${at}` }));
    for (let at = 0; at < 2_100; at++) scheduler.verbs.prioritize(Buffer.from(call(at)));

    expect(scheduler.log.size).toBe(2_000);
    expect(scheduler.log.find('shop', 'web-0')).toBeUndefined();
    expect(scheduler.log.find('shop', 'web-2099')).toBeDefined();
  });
});

describe('decisionOf', () => {
  it('records where a pod went and between what it could go', async () => {
    await using scheduler = await startScheduler(SETTING);
    const owned = { ...annotatedPod({}) };
    const pod = {
      ...owned,
      metadata: { ...owned.metadata, ownerReferences: [{ kind: 'Job', name: 'nightly', controller: true }] },
    };
    await scheduler.call('/prioritize', namesCall(['de', 'fr', 'x'], pod));
    const logged = scheduler.log.find('shop', 'web-0');

    const decision = logged && decisionOf(logged, 'fr', WRITTEN_AT + 60_000);

    expect(decision).toEqual({
      uid: 'uid-of-web-0',
      namespace: 'shop',
      pod: 'web-0',
      ownerKind: 'Job',
      ownerName: 'nightly',
      node: 'fr',
      zone: 'FR',
      intensity: 50,
      quality: 'measured',
      intensityAgeMs: 60_000,
      candidates: 3,
      candidateZones: 'DE=1,FR=1',
      candidatesMean: 225,
      candidatesWorst: 400,
      candidatesBest: 50,
      mode: 'enforce',
      arrivedAt: null,
      releasedAt: null,
      latestStart: null,
      decidedAt: WRITTEN_AT,
      boundAt: WRITTEN_AT + 60_000,
    });
    expect(decision && describePlacement(decision)).toBe("placed in FR 50 g/kWh; the candidates' mean was 225");
  });

  it('leaves unknown what was not known', async () => {
    await using scheduler = await startScheduler({ ...SETTING, cache: '{"torn' });
    await scheduler.call('/prioritize', namesCall(['fr', 'x']));
    const logged = scheduler.log.find('shop', 'web-0');

    const decision = logged && decisionOf(logged, 'x', WRITTEN_AT);

    expect(decision).toMatchObject({ zone: null, intensity: null, intensityAgeMs: null, candidatesMean: null });
    expect(decision && describePlacement(decision)).toBeUndefined();
  });
});

function row(node: string, zone: string | null, intensity: number | null, score: number, watts: number | null = null) {
  return {
    node,
    zone,
    carbon_intensity: intensity,
    quality: intensity === null ? null : 'measured',
    signal: intensity === null ? null : 'average',
    age_seconds: intensity === null ? null : 90,
    watts_per_core: watts,
    score,
    refused: null,
  };
}
