import { describe, expect, it } from 'vitest';
import { NO_HISTORY, refusedNodes, violations } from '../../../extender/placement/constraints.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { policyOf, tableOf } from './table.ts';

describe('a constraint', () => {
  it.each([
    ['max-intensity', { maxIntensity: gramsPerKwh(100) }],
    ['cleaner-than', { cleanerThan: 30 }],
  ])('%s is met at its very boundary, and violated just above it', (reason, preferences) => {
    const history = { percentile: () => gramsPerKwh(100) };

    const found = violations(tableOf({ FR: 99.9, DE: 100, PL: 100.1 }), preferences, history);

    expect(found.map((violation) => violation?.reason)).toEqual([undefined, undefined, reason]);
  });

  it('of zones and of intensities at once is violated by the first that is not met', () => {
    const preferences = { zones: [zone('FR')], maxIntensity: gramsPerKwh(100) };

    const found = violations(tableOf({ FR: 200, DE: 50 }), preferences, NO_HISTORY);

    expect(found.map((violation) => violation?.reason)).toEqual(['max-intensity', 'zones']);
  });

  it('of zones always forbids, one of intensities only when it is enforced', () => {
    const table = tableOf({ FR: 200 });
    const max = { maxIntensity: gramsPerKwh(100) };

    const refused = [{ zones: [zone('DE')] }, max, { ...max, enforce: true }].map(
      (preferences) => refusedNodes(table, policyOf(preferences), NO_HISTORY).size,
    );

    expect(refused).toEqual([1, 0, 1]);
  });

  it('is violated by nothing that is not known: zone, intensity, history, or the whole signal', () => {
    const enforced = { maxIntensity: gramsPerKwh(1), cleanerThan: 1, enforce: true };
    const unknown = tableOf({ FR: undefined, DE: 1 });
    const lost = tableOf({ FR: undefined });

    const some = violations(unknown, enforced, NO_HISTORY);
    const none = violations(lost, { zones: [zone('DE')] }, NO_HISTORY);

    expect(some).toEqual([undefined, undefined]);
    expect(none).toEqual([undefined]);
    expect(lost.loss).toBe('unknown');
  });

  it('refuses nothing in mode off, and lists with advise what it would refuse', () => {
    const table = tableOf({ FR: 50, DE: 400 });
    const preferences = { zones: [zone('FR')] };

    const [off, advise] = (['off', 'advise'] as const).map((mode) => [
      ...refusedNodes(table, policyOf(preferences, mode), NO_HISTORY).keys(),
    ]);

    expect([off, advise]).toEqual([[], ['DE']]);
  });
});
