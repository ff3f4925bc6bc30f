import { type EpochMs, isoTime } from '../../shared/units.ts';

const MINUTE_MS = 60_000;

/** Makes a function that writes times as `isoTime` does, only faster while they stay within few minutes. */
export function timeWriter(): (time: EpochMs) => string {
  let minute = Number.NaN;
  let prefix = '';
  let lastTime = Number.NaN;
  let lastText = '';
  return (time) => {
    // A sample mostly starts where the one before ended.
    if (time === lastTime) return lastText;
    const of = Math.floor(time / MINUTE_MS);
    if (of !== minute) {
      prefix = isoTime(of * MINUTE_MS).slice(0, -'00.000Z'.length);
      minute = of;
    }
    const within = Math.trunc(time) - of * MINUTE_MS;
    const seconds = Math.floor(within / 1_000);
    const millis = within % 1_000;
    lastText = `${prefix}${seconds < 10 ? '0' : ''}${seconds}.${millis < 10 ? '00' : millis < 100 ? '0' : ''}${millis}Z`;
    lastTime = time;
    return lastText;
  };
}
