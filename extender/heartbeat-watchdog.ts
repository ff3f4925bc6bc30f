import { readFileSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { isoTime } from '../shared/grid/units.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { EXTENDER_ERRORS } from './errors.ts';
import type { HeartbeatData } from './heartbeat.ts';

const POLL_MS = 100;

const { shared, limitMs } = workerData as HeartbeatData;
const [beats, ended] = [0, 1];
const integers = new Int32Array(shared);
let last = Atomics.load(integers, beats);
let readyMs = waitedForProcessorMs();
let hungMs = 0;
parentPort?.postMessage('watching');
while (Atomics.load(integers, ended) === 0) {
  const before = systemClock.monotonic();
  // Sleeps without an event loop; nothing notifies.
  Atomics.wait(integers, ended, 0, POLL_MS);
  const now = Atomics.load(integers, beats);
  const waitedMs = waitedForProcessorMs();
  const stillMs = Math.max(0, systemClock.monotonic() - before - (waitedMs - readyMs));
  // Of each poll only so much: a process that was stopped as a whole did not hang.
  hungMs = now === last ? hungMs + Math.min(2 * POLL_MS, stillMs) : 0;
  [last, readyMs] = [now, waitedMs];
  if (hungMs >= limitMs) endProcess();
}

/** How long the main thread was ready to run but had no processor, since its start; 0 where the system does not say. */
function waitedForProcessorMs(): number {
  try {
    const [, nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
}

function endProcess(): void {
  const line = {
    ...{ level: 'error', time: isoTime(systemClock.now()), name: 'extender', code: 'EVENT_LOOP_HUNG' },
    ...{ hungMs: Math.round(hungMs), msg: EXTENDER_ERRORS.EVENT_LOOP_HUNG.message },
  };
  // Not by the logger, nor by an orderly end: both need the thread that hangs.
  writeSync(1, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, 'SIGKILL');
}
