import { describe, expect, it } from 'vitest';
import type { IntensityAt, IntensityIn } from '../../../shared/emissions/pricing.ts';
import { savingsOf, savingsTotals } from '../../../shared/emissions/savings.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Decision } from '../../../shared/records/placements.ts';
import { run } from '../../cli/run.ts';
import { temporaryFolder } from '../../extender/cache/cache-file.ts';
import { openSqliteDecisions, openSqliteWriter } from '../store/opened-parts.ts';

const TEN = Date.parse('2026-03-14T10:00:00Z');
const KWH = joules(3_600_000);

/** 400 at ten, 300 at eleven, 100 at twelve; nothing else is known. */
const at: IntensityAt = (hour) => {
  const value = { [TEN]: 400, [TEN + HOUR_MS]: 300, [TEN + 2 * HOUR_MS]: 100 }[hour];
  return value === undefined ? undefined : { carbonIntensity: gramsPerKwh(value), quality: 'measured' };
};
const inDe: IntensityIn = (code) => (code === 'DE' ? at : () => undefined);

function decision(given: Partial<Decision> = {}): Decision {
  return {
    uid: 'u',
    namespace: 'batch',
    pod: 'report',
    ownerKind: null,
    ownerName: null,
    node: 'n',
    zone: zone('DE'),
    intensity: gramsPerKwh(100),
    quality: 'measured',
    intensityAgeMs: 0,
    candidates: 3,
    candidateZones: null,
    candidatesMean: gramsPerKwh(250),
    candidatesWorst: gramsPerKwh(400),
    candidatesBest: gramsPerKwh(100),
    mode: 'enforce',
    arrivedAt: TEN,
    releasedAt: TEN + 2 * HOUR_MS,
    latestStart: null,
    decidedAt: TEN + 2 * HOUR_MS,
    boundAt: TEN + 2 * HOUR_MS,
    ...given,
  };
}

const ONE_HOUR_AT_TWELVE = [{ start: TEN + 2 * HOUR_MS, end: TEN + 3 * HOUR_MS, joules: KWH }];

describe('savings', () => {
  it('are measured energy times the intensity that it would have met minus the one that it met', () => {
    const [arrival, candidates] = savingsOf(decision(), ONE_HOUR_AT_TWELVE, inDe);

    expect(arrival).toMatchObject({ baseline: 'arrival', met: 100, wouldHaveMet: 400, saved: 300, coverage: 1 });
    expect(candidates).toMatchObject({ baseline: 'candidates-mean', met: 100, wouldHaveMet: 250, saved: 150 });
  });

  it('show the difference with marginal intensities beside it, with its own sign, where they are known', () => {
    const marginal: IntensityIn = () => (hour) =>
      hour > TEN + 2 * HOUR_MS
        ? undefined
        : { carbonIntensity: gramsPerKwh(hour === TEN ? 500 : 650), quality: 'estimated' };
    const twoHours = [...ONE_HOUR_AT_TWELVE, { start: TEN + 3 * HOUR_MS, end: TEN + 4 * HOUR_MS, joules: KWH }];

    const [arrival, candidates] = savingsOf(decision(), twoHours, inDe, marginal);
    const [total] = savingsTotals(arrival ? [arrival, { ...arrival, marginal: null }] : []);

    // What looked like 300 g less was 150 g more of the plants that follow demand.
    expect(arrival?.saved).toBe(300);
    expect(arrival?.marginal).toEqual({ met: 650, wouldHaveMet: 500, saved: -150, coverage: 0.5 });
    // Its candidates' mean is of average intensities, and of no other.
    expect(candidates?.marginal).toBeNull();
    expect(total?.marginal).toEqual({ pods: 1, met: 650, wouldHaveMet: 500, saved: -150 });
  });

  it('have no marginal difference where no marginal intensity is known', () => {
    const savings = savingsOf(decision(), ONE_HOUR_AT_TWELVE, inDe, () => () => undefined);

    expect(savings.map(({ marginal }) => marginal)).toEqual([null, null]);
    expect(savingsTotals(savings)[0]?.marginal).toBeNull();
  });

  it('are negative where waiting was a mistake, and counted as such', () => {
    const dirty: IntensityIn = () => (hour) => ({
      carbonIntensity: gramsPerKwh(hour === TEN ? 50 : 200),
      quality: 'estimated',
    });
    const savings = savingsOf(decision({ candidatesMean: null }), ONE_HOUR_AT_TWELVE, dirty);

    const [total] = savingsTotals(savings);

    expect(total).toMatchObject({ baseline: 'arrival', pods: 1, negative: 1, saved: -150, savedPercent: -300 });
    expect(total?.qualities).toEqual(['estimated']);
  });

  it('compare only the part of which both intensities are known, and say how much that is', () => {
    const energy = [...ONE_HOUR_AT_TWELVE, { start: TEN + 3 * HOUR_MS, end: TEN + 4 * HOUR_MS, joules: KWH }];

    const [arrival] = savingsOf(decision(), energy, inDe);

    expect(arrival).toMatchObject({ met: 100, saved: 300, coverage: 0.5, kilowattHours: 2 });
  });

  it('have no coverage and no percentage in total where no energy was used: null, not 0 or 100 %', () => {
    const totals = savingsTotals(
      savingsOf(
        decision(),
        ONE_HOUR_AT_TWELVE.map((span) => ({ ...span, joules: joules(0) })),
        inDe,
      ),
    );

    expect(totals.map(({ coverage, savedPercent, kilowattHours }) => [coverage, savedPercent, kilowattHours])).toEqual(
      totals.map(() => [null, null, 0]),
    );
    expect(savingsTotals([]).every(({ coverage }) => coverage === null)).toBe(true);
  });

  it('follow the zones of the candidates hour by hour, each counted by its nodes', () => {
    const placed = decision({ releasedAt: null, candidateZones: 'DE=1,FR=3', boundAt: TEN });
    const energy = [{ start: TEN, end: TEN + 2 * HOUR_MS, joules: joules(2 * KWH) }];
    const french: IntensityAt = (hour) => ({
      carbonIntensity: gramsPerKwh(hour === TEN ? 40 : 380),
      quality: 'estimated',
    });
    const both: IntensityIn = (code) => (code === 'FR' ? french : at);

    const [saving, ...others] = savingsOf(placed, energy, both);

    // 400 and 300 in DE; (400 + 3 × 40) / 4 and (300 + 3 × 380) / 4 in the mean of the four.
    expect(saving).toMatchObject({ baseline: 'candidates-mean', met: 700, wouldHaveMet: 130 + 360, saved: -210 });
    expect(saving?.qualities).toEqual(['estimated', 'measured']);
    expect(others).toEqual([]);
  });

  it('leave out hours in which the zone of one candidate is not known', () => {
    const placed = decision({ releasedAt: null, candidateZones: 'DE=1,FR=1', boundAt: TEN });
    const energy = [{ start: TEN, end: TEN + 2 * HOUR_MS, joules: joules(2 * KWH) }];
    const oneHour: IntensityAt = (hour) =>
      hour === TEN ? { carbonIntensity: gramsPerKwh(0), quality: 'measured' } : undefined;

    const [saving] = savingsOf(placed, energy, (code) => (code === 'FR' ? oneHour : at));

    expect(saving).toMatchObject({ met: 400, wouldHaveMet: 200, saved: -200, coverage: 0.5 });
  });

  it('count the wait of a pod that was placed without us, and nothing else', () => {
    const savings = savingsOf(decision({ mode: 'off' }), ONE_HOUR_AT_TWELVE, inDe);

    expect(savings.map(({ baseline, saved }) => [baseline, saved])).toEqual([['arrival', 300]]);
  });

  it('are none for a pod that was only advised, did not wait, or whose zone nobody knows', () => {
    const waited = { arrivedAt: TEN, releasedAt: null };

    expect(savingsOf(decision({ ...waited, mode: 'advise' }), ONE_HOUR_AT_TWELVE, inDe)).toEqual([]);
    expect(savingsOf(decision({ zone: null }), ONE_HOUR_AT_TWELVE, inDe)).toEqual([]);
    expect(savingsOf(decision(), [], inDe)).toEqual([]);
  });

  it('are told by the command line from the store, and come out the same from the raw samples', async () => {
    await using folder = await temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    await using decisions = await openSqliteDecisions(folder.path);
    const container = { namespace: 'batch', pod: 'report', container: 'main', node: 'n' };
    for (let minute = 0; minute < 60; minute++) {
      const start = TEN + 2 * HOUR_MS + minute * 60_000;
      await store.append({ target: 't', samples: [{ container, start, end: start + 60_000, joules: joules(60_000) }] });
    }
    await store.record(
      [400, 300, 100].map((value, index) => ({
        zone: zone('DE'),
        hour: TEN + index * HOUR_MS,
        carbonIntensity: gramsPerKwh(value),
        provider: 'test',
        signal: 'average',
        quality: 'measured',
      })),
    );
    await decisions?.recordDecisions([decision()]);

    const { code, out } = await run(['savings', '--from', '2026-03-14', '--to', '2026-03-15', '--verify', '--json'], {
      DATA_DIR: folder.path,
    });

    const listed = await run(['savings', '--from', '2026-03-14', '--to', '2026-03-15', '--pods'], {
      DATA_DIR: folder.path,
    });

    const told = JSON.parse(out);
    expect(listed.out).toMatch(/batch\/report +DE +arrival +1\.000 +100\.0 +300\.0 +100 % +measured/);
    expect(code).toBe(0);
    expect(told.totals[0]).toMatchObject({ baseline: 'arrival', pods: 1, saved: 300, coverage: 1 });
    expect(told.verified).toEqual([
      { baseline: 'arrival', recomputed: expect.closeTo(300, 3), agrees: true },
      { baseline: 'candidates-mean', recomputed: expect.closeTo(150, 3), agrees: true },
    ]);
  });
});
