import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What the watchdog thread is started with. */
export interface HeartbeatData {
  /** Two integers: the beats of the main thread’s event loop, and 1 once the watchdog is to end. */
  readonly shared: SharedArrayBuffer;
  /** The process is ended when there was no beat for this long, in milliseconds. */
  readonly limitMs: number;
}

/** A watched event loop. */
export interface Heartbeat extends AsyncDisposable {
  /** Resolves when the watchdog thread has started to watch. */
  readonly watched: Promise<void>;
}

const BEAT_MS = 200;
const INTEGERS = 2;

/**
 * Ends the process (SIGKILL, exit code 137) with one log line when its event loop hangs for longer than the limit.
 * Meanwhile kube-scheduler waits out its httpTimeout for every pod, and the kubelet's probes need half a minute; a restart
 * needs seconds. Time in which the thread was ready but got no processor does not count, nor does a process that was stopped as
 * a whole. `onError`: the watchdog thread failed, and nothing is watched.
 */
export function startHeartbeat(limitMs: number, onError: (error: Error) => void): Heartbeat {
  const shared = new SharedArrayBuffer(INTEGERS * Int32Array.BYTES_PER_ELEMENT);
  const [beats, ended] = [0, 1];
  const integers = new Int32Array(shared);
  const beating = setInterval(() => Atomics.add(integers, beats, 1), BEAT_MS);
  beating.unref();
  const data: HeartbeatData = { shared, limitMs };
  const watchdog = new Worker(join(import.meta.dirname, `heartbeat-watchdog${extname(import.meta.filename)}`), {
    name: 'heartbeat',
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  const exited = new Promise<void>((resolve) => watchdog.once('exit', () => resolve()));
  watchdog.once('error', onError);
  const watched = new Promise<void>((resolve) => watchdog.once('message', () => resolve()));
  watchdog.unref();
  return {
    watched,
    async [Symbol.asyncDispose]() {
      clearInterval(beating);
      Atomics.store(integers, ended, 1);
      watchdog.ref();
      await exited;
    },
  };
}
