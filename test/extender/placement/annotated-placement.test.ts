// Flow: annotations of pods and namespaces through the scheduler port to refusals, scores and Events.
import { describe, expect, it } from 'vitest';
import { annotatedPod, namesCall, nodesCall, preemptMetaCall } from '../../fixtures/kube-scheduler/calls.ts';
import { cacheText } from '../cache/cache-file.ts';
import { startScheduler } from '../webhook/start-webhook.ts';

const CACHE = cacheText({ FR: 50, DE: 400, PL: 800 });
const ZONES = { fr: 'FR', de: 'DE', pl: 'PL' };
const ALL = ['fr', 'de', 'pl', 'elsewhere'];
const OWN = 'carbon-extender.io/';

describe('a limit', () => {
  it('refuses nodes above an enforced max-intensity for good, names the constraint and the zone, and lets unknown ones pass', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const pod = annotatedPod({ 'max-intensity': '200', enforce: 'true' });

    const { text } = await scheduler.call('/filter', namesCall(ALL, pod));

    expect(JSON.parse(text)).toEqual({
      NodeNames: ['fr', 'elsewhere'],
      FailedAndUnresolvableNodes: {
        de: "carbon: zone DE is above the pod's max-intensity of 200 gCO2eq/kWh",
        pl: "carbon: zone PL is above the pod's max-intensity of 200 gCO2eq/kWh",
      },
    });
  });

  it('keeps its text when the intensity changes, for a changing one makes kube-scheduler repeat its request in a loop', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const call = namesCall(ALL, annotatedPod({ 'max-intensity': '200', enforce: 'true' }));

    const before = await scheduler.call('/filter', call);
    scheduler.setCache(cacheText({ FR: 60, DE: 433, PL: 777 }));
    scheduler.clock.jump(60_000);
    const after = await scheduler.call('/filter', call);

    expect(after.text).toBe(before.text);
  });

  it('of zones forbids without being enforced, and cuts refused nodes out of whole ones byte by byte', async () => {
    await using scheduler = await startScheduler({ cache: CACHE });
    const nodes = [
      { name: 'paris', region: 'eu-west-3', providerId: 'aws:///eu-west-3a/i-1' },
      { name: 'frankfurt', region: 'eu-central-1', providerId: 'aws:///eu-central-1a/i-2' },
    ];
    const call = nodesCall(nodes, annotatedPod({ zones: 'FR' }));
    const sent = JSON.parse(call).Nodes.items[0];

    const { text } = await scheduler.call('/filter', call);

    expect(JSON.parse(text)).toEqual({
      Nodes: { metadata: {}, items: [sent] },
      FailedAndUnresolvableNodes: { frankfurt: 'carbon: zone DE is not among the allowed FR' },
    });
  });

  it('answers empty lists and never null when every node is refused', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const pod = annotatedPod({ zones: 'SE' });

    const names = await scheduler.call('/filter', namesCall(['fr', 'de'], pod));
    const nodes = await scheduler.call('/filter', nodesCall([{ name: 'fr' }], pod));

    expect(JSON.parse(names.text)).toMatchObject({
      NodeNames: [],
      FailedAndUnresolvableNodes: { fr: expect.any(String) },
    });
    expect(JSON.parse(nodes.text)).toMatchObject({ Nodes: { metadata: {}, items: [] } });
  });

  it('refuses nothing once the signal is lost', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const call = namesCall(ALL, annotatedPod({ zones: 'SE', 'max-intensity': '1', enforce: 'true' }));

    const fresh = JSON.parse((await scheduler.call('/filter', call)).text);
    scheduler.clock.jump(11 * 60_000);
    const stale = await scheduler.call('/filter', call);
    scheduler.setCache('{"torn');
    const missing = await scheduler.call('/filter', call);

    expect(fresh.NodeNames).toEqual(['elsewhere']);
    expect([stale.text, missing.text]).toEqual(Array(2).fill(JSON.stringify({ NodeNames: ALL })));
  });

  it('by a percentile holds each zone against its own history', async () => {
    await using scheduler = await startScheduler({
      cache: CACHE,
      zones: ZONES,
      history: { FR: { 30: 40 }, DE: { 30: 450 } },
    });
    const pod = annotatedPod({ 'cleaner-than': 'p30', enforce: 'true' });

    const { text } = await scheduler.call('/filter', namesCall(ALL, pod));

    expect(JSON.parse(text)).toEqual({
      NodeNames: ['de', 'pl', 'elsewhere'],
      FailedAndUnresolvableNodes: { fr: 'carbon: zone FR is above p30 of its own recent history' },
    });
  });

  it('vetoes evictions on nodes that the filter would refuse, and no others', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const victims = { fr: ['u-1'], de: ['u-2'], elsewhere: ['u-3'] };

    const limited = await scheduler.call('/preempt', preemptMetaCall(victims, annotatedPod({ zones: 'FR' })));
    const preferring = await scheduler.call(
      '/preempt',
      preemptMetaCall(victims, annotatedPod({ 'max-intensity': '1' })),
    );

    expect(Object.keys(JSON.parse(limited.text).NodeNameToMetaVictims)).toEqual(['fr', 'elsewhere']);
    expect(Object.keys(JSON.parse(preferring.text).NodeNameToMetaVictims)).toEqual(Object.keys(victims));
    expect((await scheduler.send('GET', '/metrics')).text).toContain('carbon_extender_vetoed_evictions_total 1');
  });
});

describe('a preference', () => {
  it('passes every node and puts those in violation last', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const pod = annotatedPod({ 'max-intensity': '500' });

    const filtered = await scheduler.call('/filter', namesCall(ALL, pod));
    const scored = await scheduler.scoresOf(namesCall(ALL, pod));

    expect(filtered.text).toBe(JSON.stringify({ NodeNames: ALL }));
    // Of FR and DE: 10 and 10 × 50/400; elsewhere the mean of the two that are known.
    expect(scored).toEqual({ fr: 10, de: 1, pl: 0, elsewhere: 6 });
  });

  it('for zones ranks the allowed ones among themselves, for configurations without a filter', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });

    const scored = await scheduler.scoresOf(namesCall(['fr', 'de', 'pl'], annotatedPod({ zones: 'DE,PL' })));

    expect(scored).toEqual({ fr: 0, de: 10, pl: 5 });
  });

  it('that no node meets changes nothing', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });

    const scored = await scheduler.scoresOf(namesCall(['fr', 'de'], annotatedPod({ 'max-intensity': '1' })));

    expect(scored).toEqual({ fr: 10, de: 1 });
  });
});

describe('defaults and modes', () => {
  it('take preferences from the namespace where the pod has none, and from the cluster where neither has', async () => {
    await using scheduler = await startScheduler({
      cache: CACHE,
      zones: ZONES,
      namespaces: { shop: { [`${OWN}zones`]: 'FR' } },
      clusterAnnotations: { [`${OWN}zones`]: 'PL' },
    });
    const passing = async (pod: unknown) =>
      JSON.parse((await scheduler.call('/filter', namesCall(ALL, pod))).text).NodeNames;

    expect(await passing(annotatedPod({}))).toEqual(['fr', 'elsewhere']);
    expect(await passing(annotatedPod({ zones: 'DE' }))).toEqual(['de', 'elsewhere']);
    expect(await passing(annotatedPod({}, { namespace: 'other' }))).toEqual(['pl', 'elsewhere']);
  });

  it('with advise score alike and refuse nothing, but count and explain what they would have done', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES, mode: 'advise' });
    const call = namesCall(ALL, annotatedPod({ zones: 'FR' }));

    const filtered = await scheduler.call('/filter', call);
    const scored = await scheduler.scoresOf(call);
    const explained = JSON.parse((await scheduler.send('GET', '/explain?pod=shop/web-0')).text);
    const { text: metrics } = await scheduler.send('GET', '/metrics');

    expect(filtered.text).toBe(JSON.stringify({ NodeNames: ALL }));
    expect(scored).toEqual({ fr: 0, de: 0, pl: 0, elsewhere: 0 });
    expect(explained.candidates).toContainEqual(expect.objectContaining({ node: 'fr', score: 10 }));
    expect(explained.reason).toContain('only advised');
    expect(metrics).toContain('carbon_extender_refused_nodes_total{reason="zones",mode="advise"} 2');
    expect(metrics).toContain('carbon_extender_neutral_answers_total{reason="advise"} 1');
  });

  it('of a namespace win over the cluster, and a pod that says skip is left alone', async () => {
    await using scheduler = await startScheduler({
      cache: CACHE,
      zones: ZONES,
      mode: 'off',
      namespaces: { shop: { [`${OWN}mode`]: 'enforce' } },
    });

    const here = await scheduler.scoresOf(namesCall(['fr', 'de'], annotatedPod({})));
    const skipping = await scheduler.scoresOf(namesCall(['fr', 'de'], annotatedPod({ skip: 'true' })));
    const elsewhere = await scheduler.scoresOf(namesCall(['fr', 'de'], annotatedPod({}, { namespace: 'other' })));

    expect(here).toEqual({ fr: 10, de: 1 });
    expect([skipping, elsewhere]).toEqual([
      { fr: 0, de: 0 },
      { fr: 0, de: 0 },
    ]);
  });

  it('report a pod with invalid annotations once, and never fail it', async () => {
    await using scheduler = await startScheduler({ cache: CACHE, zones: ZONES });
    const call = namesCall(ALL, annotatedPod({ 'max-intensity': 'low', enforce: 'true' }));

    const filtered = await scheduler.call('/filter', call);
    await scheduler.call('/prioritize', call);

    expect(filtered.text).toBe(JSON.stringify({ NodeNames: ALL }));
    expect(scheduler.ignored).toEqual([`${OWN}max-intensity`]);
  });
});

describe('measured power', () => {
  it('ranks nodes of one zone by the power of a busy core, and unmeasured ones as the median', async () => {
    await using scheduler = await startScheduler({
      cache: CACHE,
      zones: { old: 'DE', new: 'DE', usual: 'DE', unmeasured: 'DE' },
      watts: { old: 12, usual: 6, new: 4 },
    });

    const scored = await scheduler.scoresOf(namesCall(['old', 'usual', 'new', 'unmeasured']));

    // Cheapest 400 × 4/6; the others by 4/12, 4/6, and 4/6 for the one that counts as usual.
    expect(scored).toEqual({ old: 3, usual: 7, new: 10, unmeasured: 7 });
  });
});
