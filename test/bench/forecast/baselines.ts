import { DURATIONS, leastWait, type Policy, runningSums, SLACK, shareOf } from './shares.ts';

/** Clairvoyance. */
export function oracle(actual: Float64Array): Policy {
  const sums = runningSums(actual);
  return (arrival, duration) => leastWait(sums, arrival, duration);
}

/** The share of the best static threshold for each duration, picked in hindsight. */
export function bestStaticThreshold(actual: Float64Array, isArrival: (hour: number) => boolean): number {
  const ascending = actual.slice().sort();
  let total = 0;
  for (const wanted of DURATIONS) {
    let best = 0;
    for (let percent = 2; percent < 98; percent += 4) {
      const threshold = ascending[Math.floor((percent / 100) * ascending.length)] as number;
      const waits = waitsBelow(actual, () => threshold);
      best = Math.max(best, shareOf(actual, (arrival) => waits[arrival] as number, isArrival, [wanted]).share);
    }
    total += best / DURATIONS.length;
  }
  return total;
}

/** Runs in the first hour below the 15th percentile of the 24 hours before it. */
export function trailingPercentile(actual: Float64Array): Policy {
  const waits = waitsBelow(actual, (hour) => actual.slice(Math.max(0, hour - 24), hour).sort()[3] ?? Number.NaN);
  return (arrival) => waits[arrival] as number;
}

/** By arrival: the wait until the first hour at or under its threshold, 24 at the most. */
function waitsBelow(actual: Float64Array, thresholdAt: (hour: number) => number): Int32Array {
  const waits = new Int32Array(actual.length);
  let wait = SLACK;
  for (let hour = actual.length - 1; hour >= 0; hour--) {
    wait = (actual[hour] as number) <= thresholdAt(hour) ? 0 : Math.min(SLACK, wait + 1);
    waits[hour] = wait;
  }
  return waits;
}

/** Mean of the same hour over the last seven days, planned once; `known` counts the present hour as known. */
export function sevenDayProfile(actual: Float64Array, known: boolean): Policy {
  return onceWith((hour, arrival) => {
    if (known && hour === arrival) return actual[hour] as number;
    const back = Math.floor((hour - arrival) / 24) + 1;
    let sum = 0;
    for (let day = back; day < back + 7; day++) sum += actual[hour - 24 * day] as number;
    return sum / 7;
  });
}

/** The weighted profile (14 days, e-folding 7 days, the same weekday counts three times) with a level that decays over 12 hours. */
export function weightedProfile(actual: Float64Array, known: boolean): Policy {
  const usual = (hour: number, end: number): number => {
    let sum = 0;
    let weights = 0;
    for (let day = 1; day <= 14; day++) {
      if (hour - 24 * day >= end) continue;
      const weight = Math.exp(-day / 7) * (day % 7 === 0 ? 3 : 1);
      sum += weight * (actual[hour - 24 * day] as number);
      weights += weight;
    }
    return sum / weights;
  };
  let levelOf = -1;
  let level = 0;
  return onceWith((hour, arrival) => {
    const end = known ? arrival + 1 : arrival;
    if (hour < end) return actual[hour] as number;
    if (levelOf !== end) level = (actual[end - 1] as number) - usual(end - 1, end);
    levelOf = end;
    return usual(hour, end) + level * Math.exp(-(hour - end + 1) / 12);
  });
}

/** Plans each job once by what is expected of an hour at arrival. */
function onceWith(expected: (hour: number, arrival: number) => number): Policy {
  let forArrival = -1;
  let sums: Float64Array = new Float64Array(0);
  return (arrival, duration) => {
    if (arrival !== forArrival || sums.length === 0) {
      sums = runningSums(Float64Array.from({ length: SLACK + 8 }, (_, ahead) => expected(arrival + ahead, arrival)));
      forArrival = arrival;
    }
    return leastWait(sums, 0, duration);
  };
}
