import { type EpochMs, HOUR_MS, isoTime } from '../../shared/units.ts';

/** Makes a function that writes times as `isoTime` does, only faster while they stay within few hours. */
export function timeWriter(): (time: EpochMs) => string {
  let hour = Number.NaN;
  let prefix = '';
  let lastTime = Number.NaN;
  let lastText = '';
  return (time) => {
    // A sample mostly starts where the one before ended.
    if (time === lastTime) return lastText;
    const of = Math.floor(time / HOUR_MS);
    if (of !== hour) {
      prefix = isoTime(of * HOUR_MS).slice(0, -'00:00.000Z'.length);
      hour = of;
    }
    const within = Math.trunc(time) - of * HOUR_MS;
    const minutes = Math.floor(within / 60_000);
    const seconds = Math.floor(within / 1_000) % 60;
    const millis = within % 1_000;
    lastText = `${prefix}${minutes < 10 ? '0' : ''}${minutes}:${seconds < 10 ? '0' : ''}${seconds}.${millis < 10 ? '00' : millis < 100 ? '0' : ''}${millis}Z`;
    lastTime = time;
    return lastText;
  };
}
