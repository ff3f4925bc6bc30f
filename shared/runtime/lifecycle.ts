import { isCodedError } from '../errors/catalogue.ts';
import { toSystemError } from './system-error.ts';

/** How long a process may take to stop after a signal, in milliseconds. */
const STOP_WITHIN_MS = 5_000;

/** Exit codes that every program of the project uses. */
export const EXIT = { ok: 0, failed: 1, config: 1, unavailable: 2, store: 3 } as const;

/** Resolves with the name of the first stop signal. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/**
 * Starts a process, waits for SIGTERM or SIGINT, and disposes it. It ends within five seconds of the signal whatever it
 * waits for, be it still starting; a second signal ends it at once.
 */
export async function runUntilSignal(
  start: () => Promise<AsyncDisposable>,
  withinMs: number = STOP_WITHIN_MS,
): Promise<void> {
  let code: number = EXIT.failed;
  const stopped = untilSignal().then(() => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(EXIT.failed));
    return setTimeout(() => process.exit(code), withinMs);
  });
  const running = await start();
  const late = await stopped;
  await running[Symbol.asyncDispose]();
  code = EXIT.ok;
  // What is left is closed already, or of no use any more: it holds the process up no longer than this.
  late.unref();
}

/** Errors whose message says everything, of settings and switches. By name: what a thread throws arrives without its class. */
const PLAIN = new Set(['ConfigError', 'UsageError', 'CalculatorError']);

/**
 * Prints why a program could not go on, and ends it with the exit code of the error: errors of the configuration as a
 * list, what the system refused with the setting that led there, anything else with its stack.
 */
export function fail(error: unknown, settings?: Readonly<Record<string, unknown>>): never {
  const coded = isCodedError(error) ? error : toSystemError(error, settings);
  const plain = coded ?? (error instanceof Error && PLAIN.has(error.name) ? error : undefined);
  const text = plain
    ? ofSetting(plain.message, settings)
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(coded?.exitCode ?? EXIT.failed);
}

/** A message that begins with the path of a file, with the setting that names the file before it. */
function ofSetting(message: string, settings: Readonly<Record<string, unknown>> = {}): string {
  const [name] =
    Object.entries(settings).find(([, value]) => typeof value === 'string' && message.startsWith(`${value} `)) ?? [];
  return name === undefined ? message : `${name}: ${message}`;
}
