import { isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { calculatorError } from './error.ts';
import { wholeRequests } from './formula.ts';
import { writtenPeriod } from './period.ts';
import type { RecordedUse } from './recorded/use.ts';
import type { ServiceProfile } from './service-profiles.ts';

/** Below this part of the interval with recorded power, no profile is made of it. */
const LEAST_COVERAGE = 0.5;

/** A profile from recorded energy: Wh = joules ÷ 3600 ÷ requests ÷ coverage, which extrapolates over the hours that are not recorded. Errors: POWER_NOT_RECORDED, POWER_COVERAGE_LOW. */
export function measuredProfile(
  service: string,
  use: RecordedUse,
  requests: number,
  period: TimeRange,
): ServiceProfile {
  const count = wholeRequests(requests);
  if (use.joules === 0) throw calculatorError('POWER_NOT_RECORDED', { period: writtenPeriod(period) });
  if (use.coverage < LEAST_COVERAGE)
    throw calculatorError('POWER_COVERAGE_LOW', {
      percent: (use.coverage * 100).toFixed(0),
      period: writtenPeriod(period),
      needed: LEAST_COVERAGE * 100,
    });
  return {
    service,
    wh_per_request: use.joules / 3600 / count / use.coverage,
    confidence: 'measured',
    source: use.coverage < 1 ? 'recorded power, extrapolated over the part without records' : 'recorded power',
    measured: { from: isoTime(period.from), to: isoTime(period.to), requests: count, coverage: use.coverage },
  };
}
