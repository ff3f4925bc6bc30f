import type { PowerSample } from './power.ts';

/** Energy as stores keep it: whole millijoules. */
export function millijoulesOf({ joules }: PowerSample): number {
  return Math.round(joules * 1000);
}

/** Throws a RangeError that names a sample which cannot be: no or negative time, energy that is below 0 or not a number. */
export function refuseBroken(sample: PowerSample): void {
  const { container, start, end, joules } = sample;
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end) && end > start;
  if (whole && joules >= 0 && Number.isSafeInteger(millijoulesOf(sample))) return;
  throw new RangeError(
    `no sample: ${joules} J over [${start}, ${end}) of ${container.namespace}/${container.pod}/${container.container}`,
  );
}
