import { describe, expect, it } from 'vitest';
import type { Mode } from '../../../extender/placement/mode.ts';
import { createPodPolicies, NO_NAMESPACES } from '../../../extender/placement/pod-policy.ts';

const keyOf = (mode: Mode, annotations: Readonly<Record<string, string>>) =>
  createPodPolicies(
    { mode, preferences: {} },
    NO_NAMESPACES,
  )({
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, value]) => [`carbon-extender.io/${name}`, value]),
    ),
  }).key;

describe('the key of a policy', () => {
  it('differs where candidates are treated otherwise: mode, zones, limits, enforcement', () => {
    const keys = [
      keyOf('enforce', {}),
      keyOf('advise', {}),
      keyOf('off', {}),
      keyOf('enforce', { zones: 'FR' }),
      keyOf('enforce', { zones: 'DE,FR' }),
      keyOf('enforce', { 'max-intensity': '100' }),
      keyOf('enforce', { 'cleaner-than': 'p30' }),
      keyOf('enforce', { 'cleaner-than': 'p30', enforce: 'true' }),
      keyOf('advise', { zones: 'FR' }),
    ];

    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is the same where they are treated alike: other preferences, and any with the mode off', () => {
    expect(keyOf('enforce', { 'max-delay': '6h', 'min-saving': '5' })).toBe(keyOf('enforce', {}));
    expect(keyOf('enforce', { enforce: 'true' })).toBe(keyOf('enforce', {}));
    expect(keyOf('off', { zones: 'FR', 'max-intensity': '100' })).toBe(keyOf('off', {}));
  });
});
