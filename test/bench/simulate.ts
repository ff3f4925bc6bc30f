import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import distributions from '../../shared/data/job-distributions.json' with { type: 'json' };
import { parseTrace } from '../../shared/grid/trace.ts';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { drawJobs } from '../../shared/simulation/jobs.ts';
import { simulate } from '../../shared/simulation/simulate.ts';
import { worldOf } from '../../shared/simulation/world.ts';

const COUNT = 10_000;
const WANTED_SECONDS = 5;

/** Simulates a year of 10,000 jobs in one zone under four policies, and prints what they save and how long it took. */
export async function benchSimulate(): Promise<void> {
  const file = new URL('../../shared/data/trace-2021.csv.gz', import.meta.url);
  const trace = parseTrace(gunzipSync(readFileSync(file)).toString());
  const zones = [...trace.zones.keys()].slice(0, 1);
  const before = process.cpuUsage();
  const began = performance.now();
  const to = trace.start + trace.hours * HOUR_MS;
  const draw = { count: COUNT, seed: 1, from: trace.start, to, slackHours: 24, wattsPerCore: 10 };
  const { results, jobs } = simulate({
    world: worldOf(trace, zones, 1),
    jobs: drawJobs(distributions.distributions.alibaba, draw),
    policies: ['now', 'threshold', 'forecast', 'oracle'],
    errors: [],
    settings: { minSavingPercent: 0, thresholdPercent: 25 },
  });
  const took = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(before);
  console.table(
    results.map(({ policy, savedPercent, shareOfOracle, meanDelayHours }) => ({
      policy,
      savedPercent,
      shareOfOracle,
      meanDelayHours,
    })),
  );
  console.log(
    `${jobs} jobs of ${COUNT} in ${zones.join()}: ${took.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of processor (wanted: under ${WANTED_SECONDS} s)`,
  );
}
