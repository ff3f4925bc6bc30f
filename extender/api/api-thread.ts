import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { contractIssues } from '../../shared/emissions/contract-issues.ts';
import type { Contracts } from '../../shared/emissions/contracts.ts';
import { SHARED_ERRORS } from '../../shared/errors/shared-errors.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import { createBackoff } from '../../shared/pacing/backoff.ts';
import type { UsedCertificate } from '../../shared/runtime/certificates.ts';
import { type Clock, systemClock } from '../../shared/runtime/clock.ts';
import { contractsOf } from '../../shared/runtime/contracts-file.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { knownProfiles } from '../../shared/runtime/services-file.ts';
import type { ExtenderConfig } from '../config.ts';
import type { OverBudget } from '../deferral/over-budget.ts';
import { EXTENDER_ERRORS } from '../errors.ts';
import type { FromStore, ToApi } from '../placement/placement-link.ts';

/** What the API thread sends to the scheduling thread. */
export type FromApi = FromStore | OverBudget | { readonly kind: 'certificate'; readonly used: UsedCertificate };

/** What the API thread is started with. */
export interface ApiThreadData {
  readonly config: ExtenderConfig;
  /** Port to listen on: the configured one at first, then the one that it got. */
  readonly port: number;
}

/** The API thread, restarted whenever it ends. */
export interface ApiThread extends AsyncDisposable {
  /**
   * Settles when the first thread does: with its port once it listens; undefined where it ended before, and is tried
   * again; rejects where no other attempt would help: the port cannot be opened, or the configuration is wrong.
   */
  readonly started: Promise<number | undefined>;
  /** Sends to the running thread; lost when none runs. The newest list of waiting work is repeated to each new thread. */
  post(message: ToApi): void;
}

const BACKOFF = { initialMs: 500, maxMs: 30_000 };
/** A thread that ran this long is restarted with the shortest delay. */
const STABLE_MS = 60_000;
const STOP_MS = 3_000;

/** Starts the API thread and resolves with its port once it listens; rejects when the first thread ends before. */
export async function startApiThread(
  config: ExtenderConfig,
  logger: Logger,
  onMessage?: (message: FromApi) => void,
  clock: Clock = systemClock,
): Promise<ApiThread & { readonly port: number }> {
  const thread = superviseApiThread(config, logger, onMessage, clock);
  const port = await thread.started.catch(() => undefined);
  if (port !== undefined) return { ...thread, port };
  await thread[Symbol.asyncDispose]();
  throw await thread.started.then(
    () => new Error('the API thread ended before it listened; see the log'),
    (error: unknown) => error,
  );
}

function warnOfContracts(contracts: Contracts | undefined, now: EpochMs, logger: Logger): void {
  for (const { contract, reason, problem } of contracts ? contractIssues(contracts, now) : [])
    logger.warn(
      { code: 'CONTRACT_WITHOUT_EFFECT', object: contract, reason, problem },
      SHARED_ERRORS.CONTRACT_WITHOUT_EFFECT.message,
    );
}

/**
 * Runs the API in a thread with its own heap limit. A thread that ends is restarted on the same port, ever more slowly: a
 * history that cannot be opened never stops the scheduler port, which is served by the thread beside this one.
 */
export function superviseApiThread(
  config: ExtenderConfig,
  logger: Logger,
  onMessage: (message: FromApi) => void = () => undefined,
  clock: Clock = systemClock,
): ApiThread {
  // A thread that dies is restarted; a file that cannot be read now would let it die for ever.
  knownProfiles(config.SERVICES_FILE);
  warnOfContracts(contractsOf(config.CONTRACTS_FILE), clock.now(), logger);
  const stop = new AbortController();
  const backoff = createBackoff(BACKOFF);
  let current = startWorker(config, config.API_PORT, onMessage);
  let port = config.API_PORT;
  let waiting: ToApi | undefined;
  const supervised = (async () => {
    for (;;) {
      const startedAt = clock.monotonic();
      current.listening.then(
        (listening) => {
          port = listening;
          if (backoff.failures > 0) logger.info({ port }, 'the API thread runs again');
        },
        () => undefined,
      );
      const reason = await current.ended;
      if (stop.signal.aborted) return;
      if (clock.monotonic() - startedAt > STABLE_MS) backoff.reset();
      const restartInMs = backoff.next();
      logger.error({ code: 'API_THREAD_ENDED', reason, port, restartInMs }, EXTENDER_ERRORS.API_THREAD_ENDED.message);
      await clock.sleep(restartInMs, stop.signal);
      if (stop.signal.aborted) return;
      current = startWorker(config, port, onMessage);
      if (waiting) current.worker.postMessage(waiting);
    }
  })();
  const started = current.listening.catch((error: unknown) => {
    if (isFinal(error)) throw error;
    return undefined;
  });
  started.catch(() => undefined);
  return {
    started,
    post(message) {
      if (message.kind === 'waiting') waiting = message;
      current.worker.postMessage(message);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopWorker(current);
      await supervised;
    },
  };
}

/** Whether a restart would end in the same way. By name: what a thread throws arrives without its class. */
function isFinal(error: unknown): boolean {
  const { name, syscall } = error as NodeJS.ErrnoException;
  return name === 'ConfigError' || syscall === 'listen' || syscall === 'getaddrinfo';
}

interface RunningWorker {
  readonly worker: Worker;
  /** The port, once the API listens; rejects when the thread ends before. */
  readonly listening: Promise<number>;
  /** Why it ended. */
  readonly ended: Promise<string>;
}

function startWorker(config: ExtenderConfig, port: number, onMessage: (message: FromApi) => void): RunningWorker {
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
    worker.on('message', (message: FromApi | { readonly kind: 'listening'; readonly port: number }) => {
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
