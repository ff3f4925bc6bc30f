import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ExtenderConfig } from '../config.ts';
import { EXTENDER_ERRORS } from '../errors.ts';
import type { FromStore, ToApi } from '../placement/placement-link.ts';

/** What the API thread is started with. */
export interface ApiThreadData {
  readonly config: ExtenderConfig;
  /** Port to listen on: the configured one at first, then the one that it got. */
  readonly port: number;
}

/** The API thread, watched over. */
export interface ApiThread extends AsyncDisposable {
  readonly port: number;
  /** Sends to the thread that runs at the time; lost when none does. The list of waiting work is sent again to a thread that takes over. */
  post(message: ToApi): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A thread that lived this long starts over with the shortest wait. */
const STABLE_MS = 60_000;
const STOP_MS = 3_000;

/** Runs the API in a thread with its own heap limit; a thread that dies is restarted on the same port, ever more slowly. */
export async function startApiThread(
  config: ExtenderConfig,
  logger: Logger,
  onMessage: (message: FromStore) => void = () => undefined,
  clock: Clock = systemClock,
): Promise<ApiThread> {
  const stop = new AbortController();
  let current = startWorker(config, config.API_PORT, onMessage);
  const port = await current.listening;
  let waiting: ToApi | undefined;
  const watched = (async () => {
    let wait = FIRST_WAIT_MS;
    let started = clock.monotonic();
    for (;;) {
      const reason = await current.ended;
      if (stop.signal.aborted) return;
      if (clock.monotonic() - started > STABLE_MS) wait = FIRST_WAIT_MS;
      logger.error(
        { code: 'API_THREAD_ENDED', reason, port, restartInMs: wait },
        EXTENDER_ERRORS.API_THREAD_ENDED.message,
      );
      await clock.sleep(wait, stop.signal);
      if (stop.signal.aborted) return;
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      started = clock.monotonic();
      current = startWorker(config, port, onMessage);
      if (waiting) current.worker.postMessage(waiting);
      current.listening.then(
        () => logger.info({ port }, 'the API thread runs again'),
        () => undefined,
      );
    }
  })();
  return {
    port,
    post(message) {
      if (message.kind === 'waiting') waiting = message;
      current.worker.postMessage(message);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopWorker(current);
      await watched;
    },
  };
}

interface RunningWorker {
  readonly worker: Worker;
  /** The port, once the API listens; rejects when it ends before. */
  readonly listening: Promise<number>;
  /** Why it ended. */
  readonly ended: Promise<string>;
}

function startWorker(config: ExtenderConfig, port: number, onMessage: (message: FromStore) => void): RunningWorker {
  const data: ApiThreadData = { config, port };
  const worker = new Worker(join(import.meta.dirname, `worker${extname(import.meta.filename)}`), {
    name: 'api',
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: config.API_HEAP_MB },
  });
  let failure: Error | undefined;
  worker.on('error', (error) => {
    failure = error as Error;
  });
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve(failure?.message ?? `exit code ${code}`));
  });
  const listening = new Promise<number>((resolve, reject) => {
    worker.on('message', (message: FromStore | { readonly kind: 'listening'; readonly port: number }) => {
      if (message.kind === 'listening') resolve(message.port);
      else onMessage(message);
    });
    worker.once('exit', (code) => reject(failure ?? new Error(`the API thread ended with exit code ${code}`)));
  });
  listening.catch(() => undefined);
  return { worker, listening, ended };
}

async function stopWorker({ worker, ended }: RunningWorker): Promise<void> {
  worker.postMessage('stop');
  const late = setTimeout(() => void worker.terminate(), STOP_MS);
  await ended;
  clearTimeout(late);
}
