import { describeSystemFault } from './system-fault.ts';

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

/** Starts a process, waits for SIGTERM or SIGINT, and disposes it within five seconds; a second signal ends it at once. */
export async function runUntilSignal(start: () => Promise<AsyncDisposable>): Promise<void> {
  const stopped = untilSignal();
  const running = await start();
  await stopped;
  process.once('SIGTERM', () => process.exit(EXIT.failed));
  process.once('SIGINT', () => process.exit(EXIT.failed));
  const late = setTimeout(() => process.exit(EXIT.failed), STOP_WITHIN_MS);
  await running[Symbol.asyncDispose]();
  clearTimeout(late);
}

/** Faults whose message says all: of the settings, of the switches, of a file that a setting names. */
const OURS = new Set(['ConfigError', 'UsageError', 'CalculatorFault']);

/**
 * Prints why a program could not go on, and ends it: a fault of the configuration with its list, what the system refused
 * with the setting that led there, anything else with its stack.
 */
export function fail(error: unknown, settings?: Readonly<Record<string, unknown>>): never {
  // By name: what a thread throws comes over without its class.
  const isOurs = error instanceof Error && OURS.has(error.name);
  const text = isOurs
    ? ofSetting(error.message, settings)
    : (describeSystemFault(error, settings) ??
      (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  process.stderr.write(`${text}\n`);
  process.exit(EXIT.failed);
}

/** A message that begins with a file is told with the setting that names it. */
function ofSetting(message: string, settings: Readonly<Record<string, unknown>> = {}): string {
  const [name] =
    Object.entries(settings).find(([, value]) => typeof value === 'string' && message.startsWith(`${value} `)) ?? [];
  return name === undefined ? message : `${name}: ${message}`;
}
