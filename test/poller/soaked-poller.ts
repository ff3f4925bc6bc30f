// A program of dependencies-soak.test.ts: the poller on an accelerated clock, which sends its heap to the test.
import { pollerConfigSchema } from '../../poller/config.ts';
import { startPoller } from '../../poller/poller.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { acceleratedClock } from '../accelerated-clock.ts';

const { SOAK_START, SOAK_FACTOR, ...env } = process.env;
const clock = acceleratedClock(Number(SOAK_START), Number(SOAK_FACTOR));
const poller = await startPoller(loadConfig('poller', pollerConfigSchema, env), { clock });
// The test is gone: nothing would end this one.
process.once('disconnect', () => process.exit(1));
const timer = setInterval(() => {
  globalThis.gc?.();
  process.send?.({ heap: process.memoryUsage().heapUsed });
}, 1_000);
process.once('SIGTERM', async () => {
  clearInterval(timer);
  // What a stop waits for that takes too long.
  setInterval(() => console.error(`the soaked poller still stops: ${process.getActiveResourcesInfo()}`), 5_000).unref();
  await poller[Symbol.asyncDispose]();
  process.exit(0);
});
