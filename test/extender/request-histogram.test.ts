import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createRequestHistogram } from '../../extender/request-histogram.ts';

const OPTIONS = { name: 'request_seconds', help: 'Seconds', buckets: [0.1, 1, 10] };

describe('the histogram of requests', () => {
  it('is scraped exactly as one of prom-client, boundaries and values beyond the last bucket included', async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const labelNames = ['verb', 'outcome'] as const;
    const fast = createRequestHistogram(ours, { ...OPTIONS, labelNames });
    const usual = new Histogram({ ...OPTIONS, labelNames, registers: [theirs] });

    for (const [value, verb, outcome] of [
      [0.1, 'filter', 'ok'],
      [0.11, 'filter', 'ok'],
      [10, 'filter', 'failed'],
      [11, 'prioritize', 'ok'],
      [0, 'prioritize', 'ok'],
    ] as const) {
      fast.observe(value, verb, outcome);
      usual.observe({ verb, outcome }, value);
    }

    expect(await ours.metrics()).toBe(await theirs.metrics());
  });

  it('takes one label, and says nothing before the first observation', async () => {
    const registry = new Registry();
    const histogram = createRequestHistogram(registry, { ...OPTIONS, labelNames: ['verb'] });
    const before = await registry.metrics();

    histogram.observe(2, 'filter');

    expect(before).not.toContain('_bucket');
    expect(await registry.metrics()).toContain('request_seconds_bucket{le="10",verb="filter"} 1');
  });
});
