import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { drawJobs, parseJobs } from '../../../shared/simulation/jobs.ts';
import { simulate } from '../../../shared/simulation/simulate.ts';
import { worldOf } from '../../../shared/simulation/world.ts';
import { run, temporaryFolder } from '../../cli/run.ts';

const START = Date.parse('2021-03-01T00:00:00Z');
const DE = zone('DE');
const SETTINGS = { minSavingPercent: 0, thresholdPercent: 25 };

function traceOf(values: readonly number[]) {
  return { start: START, hours: values.length, zones: new Map([[DE, Float64Array.from(values)]]) };
}

describe('the simulator', () => {
  it('prices a job to the minute, and waits for the cleanest window as the oracle', () => {
    const world = worldOf(traceOf([400, 300, 100, 500, 500, 500]), [DE], 1);
    const jobs = parseJobs('arrival,duration_hours,slack_hours,power_watts\n2021-03-01T00:30:00Z,1,3,1000\n');

    const { results, kilowattHours } = simulate({
      world,
      jobs,
      policies: ['now', 'oracle'],
      errors: [],
      settings: SETTINGS,
    });

    expect(kilowattHours).toBe(1);
    expect(results[0]).toMatchObject({ policy: 'now', kilograms: 0.35, savedPercent: 0, meanDelayHours: 0 });
    expect(results[1]).toMatchObject({ policy: 'oracle', kilograms: 0.1, shareOfOracle: 100, meanDelayHours: 1.5 });
  });

  it('shows what marginal intensities make of the same choices, with its sign and of how many jobs', () => {
    const marginal = traceOf([500, 500, 900, Number.NaN, 500, 500]);
    const world = worldOf(traceOf([400, 300, 100, 500, 500, 500]), [DE], 1, marginal);
    const jobs = [0, 3].map((hour) => ({
      ...{ arrival: START + hour * HOUR_MS, durationHours: 1, slackHours: 2, watts: 1000 },
    }));

    const of = (one: typeof world) =>
      simulate({ world: one, jobs, policies: ['oracle'], errors: [], settings: SETTINGS }).results[0];
    const both = of(world);
    const average = of(worldOf(world.trace, [DE], 1));

    // The first waits for the third hour: cleaner on average, dirtier at the margin. The second begins in an unknown one.
    expect(both).toMatchObject({ savedKilograms: 0.3, marginal: { savedKilograms: -0.4, jobs: 1 } });
    expect(average).toEqual({ ...both, marginal: null });
  });

  it('takes marginal intensities from a trace of their own', async () => {
    using folder = temporaryFolder();
    const write = (name: string, values: readonly number[]) => {
      const rows = values.map((value, hour) => `2021-03-01T0${hour}:00:00Z,${value}`);
      writeFileSync(join(folder.path, name), ['hour_utc,DE', ...rows].join('\n'));
      return join(folder.path, name);
    };
    const jobs = join(folder.path, 'jobs.csv');
    writeFileSync(jobs, 'arrival,duration_hours,slack_hours,power_watts\n2021-03-01T00:00:00Z,1,2,1000000\n');
    const args = ['--trace', write('average.csv', [400, 300, 100, 500]), '--jobs', jobs, '--policy', 'now,oracle'];

    const { out } = await run(
      ['simulate', ...args, '--errors', '', '--marginal-trace', write('marginal.csv', [500, 500, 900, 500])],
      {},
    );
    const without = await run(['simulate', ...args, '--errors', ''], {});

    expect(out).toMatch(/Saved +Saved kg \(marginal\)/);
    expect(out).toMatch(/oracle +100\.0 +300\.0 +75\.0 % +-400\.0/);
    expect(out).toContain('for at least 1 of 1 job');
    expect(without.out).not.toContain('marginal');
  });

  it('misses no deadline, and no policy beats the oracle', () => {
    const days = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 24 * 12, maxLength: 24 * 12 });
    const distribution = { hours: { 1: 0.2, 50: 1, 99: 9 }, cores: { 1: 1, 99: 8 } };
    fc.assert(
      fc.property(
        days,
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 0, max: 30 }),
        (values, seed, slackHours) => {
          const world = worldOf(traceOf(values), [DE], seed);
          const to = START + 10 * 24 * HOUR_MS;
          const jobs = drawJobs(distribution, { count: 30, seed, from: START, to, slackHours, wattsPerCore: 10 });
          const policies = [
            'now',
            'night',
            'usual-hour',
            'threshold',
            'forecast',
            'revised',
            'paused',
            'oracle',
          ] as const;

          const { results } = simulate({ world, jobs, policies, errors: [0.3], settings: SETTINGS });

          const oracle = results.find(({ policy }) => policy === 'oracle');
          for (const { policy, deadlineMisses, savedKilograms } of results) {
            expect([policy, deadlineMisses]).toEqual([policy, 0]);
            // Only work that may pause can run on hours that no single window has.
            if (policy !== 'paused') expect(savedKilograms).toBeLessThanOrEqual((oracle?.savedKilograms ?? 0) + 1e-9);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('draws the same jobs from the same seed, and others from another', () => {
    const draw = { count: 100, from: START, to: START + 1_000 * HOUR_MS, slackHours: 24, wattsPerCore: 10 };
    const distribution = { hours: { 1: 0.1, 50: 1, 99: 20 }, cores: { 1: 1, 99: 32 } };

    const first = drawJobs(distribution, { ...draw, seed: 7 });

    expect(drawJobs(distribution, { ...draw, seed: 7 })).toEqual(first);
    expect(drawJobs(distribution, { ...draw, seed: 8 })).not.toEqual(first);
  });

  it('reports its progress every 250 jobs and at the end, and has no NaN where there is no job', () => {
    const world = worldOf(traceOf([400, 300]), [DE], 1);
    const job = { arrival: START, durationHours: 1, slackHours: 0, watts: 10 };
    const done: number[] = [];

    simulate({ world, jobs: new Array(600).fill(job), policies: [], errors: [], settings: SETTINGS }, (at) =>
      done.push(at),
    );
    const { results } = simulate({ world, jobs: [], policies: ['oracle'], errors: [], settings: SETTINGS });

    expect(done).toEqual([0, 250, 500, 600]);
    expect(results[0]).toMatchObject({ savedPercent: 0, shareOfOracle: null, meanDelayHours: 0, p95DelayHours: 0 });
  });

  it('leaves out jobs that the trace does not cover, and counts them', () => {
    const world = worldOf(traceOf([400, Number.NaN, 100, 500]), [DE], 1);
    const jobs = [0, 2].map((hour) => ({
      arrival: START + hour * HOUR_MS,
      durationHours: 1,
      slackHours: 1,
      watts: 10,
    }));

    const result = simulate({ world, jobs, policies: ['oracle'], errors: [], settings: SETTINGS });

    expect([result.jobs, result.notCovered]).toEqual([1, 1]);
  });

  it('is a command that prints JSON, and names an invalid option', async () => {
    const args = ['simulate', '--zone', 'DE', '--count', '50', '--policy', 'now,threshold,oracle', '--json'];

    const { code, out } = await run(args, {});
    const wrong = await run(['simulate', '--policy', 'magic'], {});

    expect(code).toBe(0);
    expect(JSON.parse(out).results.map(({ policy }: { policy: string }) => policy)).toEqual([
      ...['now', 'threshold', 'oracle'],
      ...['oracle ± 10 %', 'oracle ± 20 %', 'oracle ± 40 %'],
    ]);
    expect(wrong).toMatchObject({
      code: 1,
      notes: expect.stringContaining('--policy: "magic" is not one of now, night'),
    });
  });

  it('shows by default what the controller does, beside a fixed night, the usual hour, a threshold and the oracle', async () => {
    const { code, out } = await run(['simulate', '--zone', 'DE', '--count', '20', '--json'], {});

    expect(code).toBe(0);
    expect(JSON.parse(out).results.map(({ policy }: { policy: string }) => policy)).toEqual(
      expect.arrayContaining(['now', 'night', 'usual-hour', 'revised', 'oracle']),
    );
  });

  it.each([
    [['--count', '1.5'], '--count must be a whole number of at least 1, not "1.5"'],
    [['--threshold', '150'], '--threshold must be a number from 0 to 100, not "150"'],
    [['--min-saving', '500'], '--min-saving must be a number from 0 to 100, not "500"'],
    [['--shadow', '--trace', 'x.csv'], '--shadow and --trace cannot be used together'],
  ])('rejects %j', async (args, message) => {
    expect(await run(['simulate', ...args], {})).toMatchObject({ code: 1, notes: expect.stringContaining(message) });
  });
});
