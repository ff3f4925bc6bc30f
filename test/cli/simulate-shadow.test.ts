// Flow: `carbon simulate --shadow` from a recorded history to savings by policy.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import { decision } from '../shared/store/decisions-contract.ts';
import { openSqliteDecisions, openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const TEN = Date.parse('2026-03-14T10:00:00Z');
/** From ten o'clock on; before and after, DE has 400 and FR 300. */
const DE = [500, 400, 100, 300];
const FR = [200, 200, 50, 200];

/** What the command prints with --json, as far as it matters here. */
interface Told {
  readonly jobs: number;
  readonly notCovered: number;
  readonly zones: readonly string[];
  readonly source: string;
  readonly results: readonly {
    readonly policy: string;
    readonly kilograms: number;
    readonly shareOfOracle: number | null;
    readonly meanDelayHours: number;
    readonly deadlineMisses: number;
  }[];
}

describe('carbon simulate --shadow', () => {
  let folder: ReturnType<typeof temporaryFolder>;

  beforeEach(async () => {
    folder = temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    const hours = Array.from({ length: 48 }, (_, at) => TEN + (at - 24) * HOUR_MS);
    await store.record(
      hours.flatMap((hour, at) => [
        hourOfZone('DE', hour, DE[at - 24] ?? 400),
        hourOfZone('FR', hour, FR[at - 24] ?? 300),
      ]),
    );
    // A kilowatt over the hour from eleven on.
    const container = { namespace: 'batch', pod: 'report', container: 'main', node: 'n' };
    for (let minute = 0; minute < 60; minute++) {
      const start = TEN + HOUR_MS + minute * 60_000;
      await store.append({ target: 't', samples: [{ container, start, end: start + 60_000, joules: joules(60_000) }] });
    }
  });
  afterEach(() => folder[Symbol.dispose]());

  /** Made at ten, bound at eleven; could have waited until one. */
  const report = (given: Partial<Decision>): Decision => ({
    ...decision('u', TEN + HOUR_MS),
    ...{ namespace: 'batch', pod: 'report', zone: zone('DE'), candidateZones: 'DE=3' },
    ...{ arrivedAt: TEN, releasedAt: TEN + HOUR_MS, latestStart: TEN + 3 * HOUR_MS },
    ...given,
  });
  const shadow = async (decisions: readonly Decision[], ...args: string[]): Promise<Told> => {
    await using store = await openSqliteDecisions(folder.path);
    await store.recordDecisions(decisions);
    const given = ['simulate', '--shadow', '--json', '--errors', '', '--policy', 'now,oracle', ...args];
    const { code, out, notes } = await run([...given, '--from', '2026-03-14'], { DATA_DIR: folder.path });
    expect(code, notes).toBe(0);
    return JSON.parse(out);
  };

  it('sets what was done beside running at once and beside the best that the deadline allowed', async () => {
    const told = await shadow([report({})]);

    expect(told).toMatchObject({
      jobs: 1,
      zones: ['DE'],
      source: '1 of 1 recorded decisions have measured power and a known zone',
    });
    expect(told.results).toMatchObject([
      { policy: 'recorded', kilograms: 0.4, shareOfOracle: 25, meanDelayHours: 1, deadlineMisses: 0 },
      { policy: 'now', kilograms: 0.5, shareOfOracle: 0 },
      { policy: 'oracle', kilograms: 0.1, shareOfOracle: 100, meanDelayHours: 2 },
    ]);
  });

  it('prices a pod where it went, not where it should have gone', async () => {
    const told = await shadow([report({ candidateZones: 'DE=1,FR=1' })]);

    expect(told.zones).toEqual(['DE', 'FR']);
    expect(told.results).toMatchObject([
      { policy: 'recorded', kilograms: 0.4 },
      { policy: 'now', kilograms: 0.2 },
      { policy: 'oracle', kilograms: 0.05 },
    ]);
  });

  it('shows both signals where marginal intensities are recorded', async () => {
    {
      await using store = openSqliteWriter(folder.path);
      const hours = Array.from({ length: 24 }, (_, at) => TEN + at * HOUR_MS);
      await store.record(
        hours.map((hour, at) => ({ ...hourOfZone('DE', hour, at === 2 ? 800 : 500), signal: 'marginal' as const })),
      );
    }

    const told = await shadow([report({})]);

    expect(told.results).toMatchObject([
      { policy: 'recorded', kilograms: 0.4, marginal: { savedKilograms: 0, jobs: 1 } },
      { policy: 'now', kilograms: 0.5, marginal: { savedKilograms: 0, jobs: 1 } },
      { policy: 'oracle', kilograms: 0.1, marginal: { savedKilograms: expect.closeTo(-0.3, 9), jobs: 1 } },
    ]);
  });

  it('lets nobody run in a zone or at a time that the pod could not', async () => {
    const elsewhere = { ...report({ uid: 'v', pod: 'never-measured' }), zone: zone('FR'), candidateZones: 'FR=1' };

    const told = await shadow([report({ latestStart: null }), elsewhere]);

    expect(told).toMatchObject({ jobs: 1, source: '1 of 2 recorded decisions have measured power and a known zone' });
    expect(told.results[2]).toMatchObject({ policy: 'oracle', kilograms: 0.4, meanDelayHours: 1 });
  });

  it('leaves out what may still wait, and says how many those are', async () => {
    const told = await shadow([report({ latestStart: TEN + 300 * HOUR_MS })]);

    expect(told).toMatchObject({ jobs: 0, notCovered: 1 });
  });

  it('says so where nothing was recorded', async () => {
    const { code, notes } = await run(['simulate', '--shadow'], { DATA_DIR: folder.path });

    expect(code).not.toBe(0);
    expect(notes).toContain('--shadow: no placement decision is recorded in that time range');
  });
});
