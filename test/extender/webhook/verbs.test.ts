// Flow: prioritize calls over HTTP, from names and nodes to scores.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesCall, nodesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { cacheText } from '../cache/cache-file.ts';
import { type HostScore, startScheduler } from './start-webhook.ts';

describe('prioritize', () => {
  it('scores names by the intensity of their zones, unknown ones by the mean', async () => {
    await using scheduler = await startScheduler({ zones: { a: 'FR', b: 'DE', c: 'PL' } });

    const { text } = await scheduler.call('/prioritize', namesCall(['c', 'a', 'x', 'b']));

    // cleanest 50: 10 × 50/800 = 0.6 → 1; 10; 10 × 50/400 = 1.25 → 1; x: (1 + 10 + 1) / 3 = 4
    expect(text).toBe('[{"Host":"c","Score":1},{"Host":"a","Score":10},{"Host":"x","Score":4},{"Host":"b","Score":1}]');
  });

  it('scores whole nodes by their zone label, else by region and provider, else by name', async () => {
    await using scheduler = await startScheduler({
      cache: cacheText({ FR: 50, IE: 250, GB: 100 }),
      zones: { mapped: 'IE' },
      defaultZone: 'GB',
    });
    const nodes = [
      {
        name: 'labelled',
        region: 'eu-west-1',
        providerId: 'aws:///x/i-1',
        labels: { 'carbon-extender.io/zone': 'FR' },
      },
      { name: 'at-aws', region: 'eu-west-1', providerId: 'aws:///eu-west-1b/i-2' },
      { name: 'at-alibaba', region: 'eu-west-1', providerId: 'alicloud://eu-west-1.i-3' },
      { name: 'mapped', region: 'eu-west-3' },
      { name: 'default' },
      { name: 'bad-label', labels: { 'carbon-extender.io/zone': '??' } },
    ];

    const scored = await scheduler.scoresOf(nodesCall(nodes));

    expect(scored).toEqual({ labelled: 10, 'at-aws': 2, 'at-alibaba': 5, mapped: 2, default: 5, 'bad-label': 5 });
  });

  it('answers equal scores when the cache is stale, missing, or knows none of the zones', async () => {
    await using scheduler = await startScheduler({ zones: { a: 'FR', b: 'PL', x: 'SE' } });
    const body = namesCall(['a', 'b']);

    const fresh = await scheduler.scoresOf(body);
    const elsewhere = await scheduler.scoresOf(namesCall(['x', 'y']));
    scheduler.clock.jump(10 * 60_000 + 1);
    const stale = await scheduler.scoresOf(body);
    scheduler.setCache('{"torn');
    const missing = await scheduler.scoresOf(body);

    expect(fresh).toEqual({ a: 10, b: 1 });
    expect(elsewhere).toEqual({ x: 0, y: 0 });
    expect(stale).toEqual({ a: 0, b: 0 });
    expect(missing).toEqual({ a: 0, b: 0 });
  });

  it('never ranks a marginal intensity against average ones', async () => {
    await using scheduler = await startScheduler({
      cache: cacheText({ FR: 50, DE: 500, PL: 1 }, { marginal: ['PL'] }),
      zones: { a: 'FR', b: 'DE', m: 'PL' },
    });

    const scored = await scheduler.scoresOf(namesCall(['a', 'b', 'm']));

    expect(scored).toEqual({ a: 10, b: 1, m: 6 });
  });

  it('answers the same bytes anew when the document, its freshness or a zone changed', async () => {
    let zone = 'FR';
    let version = 0;
    const directory = {
      zoneOf: (name: string) => (name === 'a' ? zone : 'DE') as never,
      get version() {
        return version;
      },
    };
    await using scheduler = await startScheduler({ directory });
    const body = namesCall(['a', 'b']);

    const first = await scheduler.scoresOf(body);
    scheduler.setCache(cacheText({ FR: 400, DE: 40, PL: 100 }));
    const secondDocument = await scheduler.scoresOf(body);
    zone = 'PL';
    version += 1;
    const moved = await scheduler.scoresOf(body);

    expect(first).toEqual({ a: 10, b: 1 });
    expect(secondDocument).toEqual({ a: 1, b: 10 });
    expect(moved).toEqual({ a: 4, b: 10 });
  });

  it('names each node once, whatever their order and number', async () => {
    await using scheduler = await startScheduler({ zones: { a: 'FR' } });
    const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', '"', '\ud800'), fc.string({ unit: 'grapheme' }));

    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 12 }), async (names) => {
        const { status, text } = await scheduler.call('/prioritize', namesCall(names));
        const answer = JSON.parse(text) as HostScore[];

        expect(status).toBe(200);
        expect(answer.map((node) => node.Host).sort()).toEqual([...new Set(names)].sort());
        expect(answer.every(({ Score }) => Number.isInteger(Score) && Score >= 0 && Score <= 10)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('never confuses other nodes of the same number with the same nodes in another order', async () => {
    await using scheduler = await startScheduler({ zones: { a: 'FR', b: 'DE', c: 'PL' } });

    const [first, turned, other, doubled] = [
      await scheduler.scoresOf(namesCall(['a', 'b'])),
      await scheduler.scoresOf(namesCall(['b', 'a'])),
      await scheduler.scoresOf(namesCall(['a', 'c'])),
      await scheduler.scoresOf(namesCall(['a', 'a'])),
    ];

    expect(turned).toEqual(first);
    expect(other).toEqual({ a: 10, c: 1 });
    expect(doubled).toEqual({ a: 10 });
  });
});
