import { describe, expect, it } from 'vitest';
import { createExtenderMetrics } from '../../../extender/metrics.ts';
import { NO_POWER, ownCandidates } from '../../../extender/placement/candidate-table.ts';
import { createPlacementDecisions, type PlacementRequest } from '../../../extender/placement/decisions.ts';
import type { Mode } from '../../../extender/placement/mode.ts';
import { configuredDirectory } from '../../../extender/placement/nodes.ts';
import { NO_NAMESPACES } from '../../../extender/placement/pod-policy.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { FakeClock } from '../../fake-clock.ts';
import { gridState } from '../deferral/grid-document.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const ONLY_FR = { 'carbon-extender.io/zones': 'FR', 'carbon-extender.io/enforce': 'true' };

describe('placement decisions', () => {
  it('veto evictions on nodes that the filter refuses, and none where they only advise', () => {
    const vetoed = (mode: Mode) => [
      ...decisions({ mode })
        .made.vetoes(requestOf(['fr', 'de'], ONLY_FR))
        .keys(),
    ];

    expect(vetoed('enforce')).toEqual(['de']);
    expect(vetoed('advise')).toEqual([]);
    expect(vetoed('off')).toEqual([]);
  });

  it('report nodes without a zone by name, and nothing where every zone is known', () => {
    const { made, unplaced } = decisions({});

    made.prioritize(requestOf(['fr', 'de'], {}));
    made.prioritize(requestOf(['fr', 'new-1', 'new-2'], {}));

    expect(unplaced).toEqual([['new-1', 'new-2']]);
  });

  it('report annotations that were ignored once for each pod, and no pod without any', () => {
    const { made, ignored } = decisions({});
    const typo = requestOf(['fr'], { 'carbon-extender.io/max-intensity': 'low' });

    made.filter(requestOf(['fr'], {}, 'fine'));
    made.filter(typo);
    made.prioritize(typo);

    expect(ignored).toEqual(['web-0']);
  });
});

function decisions({ mode = 'enforce' }: { mode?: Mode }) {
  const state = gridState({ FR: [50], DE: [400] }, NOON, { now: NOON });
  const unplaced: (readonly string[])[] = [];
  const ignored: string[] = [];
  const made = createPlacementDecisions({
    cache: () => state,
    directory: configuredDirectory(
      new Map([
        ['fr', zone('FR')],
        ['de', zone('DE')],
      ]),
      undefined,
    ),
    power: NO_POWER,
    history: { percentile: () => undefined },
    namespaces: NO_NAMESPACES,
    cluster: { mode, preferences: {} },
    metrics: createExtenderMetrics(() => state),
    clock: new FakeClock(NOON),
    onUnplaced: (names) => unplaced.push(names),
    onInvalidAnnotations: ({ name }) => ignored.push(name ?? ''),
  });
  return { made, unplaced, ignored };
}

function requestOf(
  names: readonly string[],
  annotations: Readonly<Record<string, string>>,
  name = 'web-0',
): PlacementRequest {
  return {
    pod: { namespace: 'shop', name, uid: `uid-of-${name}`, annotations },
    candidates: (view) =>
      ownCandidates(names.map((node) => view.candidate({ name: node, labels: undefined, providerId: undefined }))),
  };
}
