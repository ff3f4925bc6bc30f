import { describe, expect, it } from 'vitest';
import { createNodeViews, ownCandidates } from '../../../extender/placement/candidate-table.ts';
import { gramsPerKwh, HOUR_MS, type Watts, watts } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { gridState } from '../deferral/grid-document.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const fresh = (at = NOW) => gridState({ DE: [300], FR: [50] }, at, { now: at });

function views() {
  const directory = { version: 1, zoneOf: (name: string) => (name === 'n1' ? zone('FR') : undefined) };
  const power = { version: 1, wattsPerCore: (): Watts | undefined => watts(7) };
  return { directory, power, viewOf: createNodeViews({ directory, power }) };
}

describe('the view of nodes', () => {
  it('is the same as long as nothing has changed', () => {
    const { viewOf } = views();
    const state = fresh();

    expect(viewOf(state)).toBe(viewOf(state));
  });

  it('is a new one with another document, when it has expired, and with other zones or powers', () => {
    const { viewOf, directory, power } = views();
    const first = viewOf(fresh());
    const state = fresh(NOW + HOUR_MS);
    const other = viewOf(state);

    expect(other).not.toBe(first);
    directory.version += 1;
    const moved = viewOf(state);
    expect(moved).not.toBe(other);
    power.version += 1;
    expect(viewOf(state)).not.toBe(moved);
    expect(viewOf(gridState({ DE: [300] }, NOW, { now: NOW + HOUR_MS })).kind).toBe('stale');
  });

  it('has no intensity of a document that has expired', () => {
    const { viewOf } = views();
    const stale = viewOf(gridState({ FR: [50] }, NOW, { now: NOW + HOUR_MS }));

    expect([stale.kind, stale.snapshot]).toEqual(['stale', undefined]);
  });
});

describe('candidates of a request', () => {
  const node = (name: string, intensity?: number, of: string | undefined = 'DE') => ({
    ...{ name, zone: of === undefined ? undefined : zone(of), watts: undefined },
    intensity: intensity === undefined ? undefined : gramsPerKwh(intensity),
  });

  it('of one intensity are one group, those without a known one another', () => {
    const { groups, intensities, count, unplaced, measured } = ownCandidates([
      node('a', 300),
      node('b'),
      node('c', 50),
      node('d', 300),
      { ...node('e'), zone: undefined },
    ]);

    expect([...groups]).toEqual([0, 1, 2, 0, 1]);
    expect(intensities).toEqual([300, Number.NaN, 50]);
    expect([count, unplaced, measured]).toEqual([5, 1, false]);
    expect(ownCandidates([{ ...node('a'), watts: watts(3) }]).measured).toBe(true);
  });
});
