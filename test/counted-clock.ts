import { type Clock, systemClock } from '../shared/runtime/clock.ts';

/** The machine's clock, with the number of sleeps that have not ended: each would keep a program running that has stopped. */
export function countedClock(): Clock & { readonly sleeping: number } {
  let sleeping = 0;
  return {
    ...systemClock,
    async sleep(ms, signal) {
      sleeping += 1;
      await systemClock.sleep(ms, signal);
      sleeping -= 1;
    },
    get sleeping() {
      return sleeping;
    },
  };
}
