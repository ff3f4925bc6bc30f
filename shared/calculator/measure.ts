import { type EpochMs, HOUR_MS, isoTime } from '../grid/units.ts';
import type { HourlyEnergy, TimeRange } from '../records/power.ts';
import { CalculatorError } from './error.ts';
import { wholeRequests } from './formula.ts';
import type { HourlyUse } from './intensity-used.ts';
import { writtenPeriod } from './period.ts';
import type { ServiceProfile } from './service-profiles.ts';

/** Below this part of the interval with recorded power, no profile is made of it. */
const LEAST_COVERAGE = 0.5;

/** Recorded containers of a service: a namespace, and the workloads whose names their pods begin with. */
export interface Selector {
  readonly namespace: string;
  /** Pods named so, or so with `-…` behind it; absent: all pods of the namespace. */
  readonly workloads?: readonly string[];
  readonly container?: string;
}

/** What a written selector came to: names, or labels that only the Kubernetes API can turn into names. */
export type ParsedSelector =
  | { readonly kind: 'names'; readonly selector: Selector }
  | { readonly kind: 'labels'; readonly namespace: string; readonly labels: string };

/** Reads `namespace`, `namespace/workload`, `namespace/workload/container` or `namespace/label=value,…`. */
export function parseSelector(text: string): ParsedSelector {
  const slash = text.indexOf('/');
  const after = slash < 0 ? '' : text.slice(slash + 1).trim();
  if (slash > 0 && /[=!]/.test(after)) return { kind: 'labels', namespace: text.slice(0, slash).trim(), labels: after };
  const [namespace, workload, container, ...rest] = text.split('/').map((part) => part.trim());
  if (!namespace || rest.length > 0 || workload === '' || container === '')
    throw new CalculatorError(
      'bad-file',
      `"${text}" selects nothing; write namespace/workload or namespace/label=value, such as shop/checkout or shop/app=checkout`,
    );
  return {
    kind: 'names',
    selector: { namespace, ...(workload && { workloads: [workload] }), ...(container && { container }) },
  };
}

/** Whether a recorded container is one of those selected. */
export function selects({ namespace, workloads, container }: Selector, of: HourlyEnergy['container']): boolean {
  const named = workloads === undefined || workloads.some((name) => of.pod === name || of.pod.startsWith(`${name}-`));
  return of.namespace === namespace && named && (container === undefined || of.container === container);
}

/** Energy of some containers by hour, and how much of the time it is known. */
export interface RecordedUse {
  readonly hours: readonly (HourlyUse & { readonly coveredMs: number })[];
  readonly joules: number;
  /** Part of the period for which power of at least one of them is recorded, 0..1. */
  readonly coverage: number;
}

/** Adds up the recorded hours of the selected containers. */
export async function recordedUse(
  hourly: AsyncIterable<HourlyEnergy>,
  selector: Selector,
  period: TimeRange,
): Promise<RecordedUse> {
  const hours = new Map<EpochMs, { joules: number; coveredMs: number }>();
  for await (const { container, hour, joules, coveredMs } of hourly) {
    if (!selects(selector, container) || hour < period.from || hour >= period.to) continue;
    const known = hours.get(hour) ?? { joules: 0, coveredMs: 0 };
    hours.set(hour, { joules: known.joules + joules, coveredMs: Math.max(known.coveredMs, coveredMs) });
  }
  let total = 0;
  let coveredMs = 0;
  for (const hour of hours.values()) {
    total += hour.joules;
    coveredMs += hour.coveredMs;
  }
  return {
    hours: [...hours].map(([hour, known]) => ({ hour, amount: known.joules, coveredMs: known.coveredMs })),
    joules: total,
    coverage: Math.min(1, coveredMs / (period.to - period.from)),
  };
}

/** The full hours that a period touches: recorded energy is kept by the hour. */
export function fullHours({ from, to }: TimeRange): TimeRange {
  return { from: Math.floor(from / HOUR_MS) * HOUR_MS, to: Math.ceil(to / HOUR_MS) * HOUR_MS };
}

/** A profile from recorded energy: Wh = joules ÷ 3600 ÷ requests ÷ coverage, the hours not recorded taken to be like the others. */
export function measuredProfile(
  service: string,
  use: RecordedUse,
  requests: number,
  period: TimeRange,
): ServiceProfile {
  const count = wholeRequests(requests);
  if (use.joules === 0 || use.coverage < LEAST_COVERAGE)
    throw new CalculatorError(
      'no-data',
      use.joules === 0
        ? `no power of these containers is recorded in ${writtenPeriod(period)}`
        : `power is recorded for only ${(use.coverage * 100).toFixed(0)} % of ${writtenPeriod(period)}; a profile needs ${LEAST_COVERAGE * 100} %`,
    );
  return {
    service,
    wh_per_request: use.joules / 3600 / count / use.coverage,
    confidence: 'measured',
    source: use.coverage < 1 ? 'recorded power, the unrecorded part taken to be like the rest' : 'recorded power',
    measured: { from: isoTime(period.from), to: isoTime(period.to), requests: count, coverage: use.coverage },
  };
}
