import { once } from 'node:events';
import { styleText } from 'node:util';
import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import { cliError } from './errors.ts';

/** Where a command writes and what time it is; tests pass their own. */
export interface Io {
  /** Results, on standard output. */
  out(text: string): void;
  /** A piece of a result that is too large for one; resolves once the reader of standard output can take more. */
  write(piece: Uint8Array): Promise<void>;
  /** Notes, warnings and progress, on standard error. */
  note(text: string): void;
  /** Emphasis, only where results go to a terminal that accepts colour. */
  style(style: 'bold' | 'green' | 'yellow' | 'red' | 'dim', text: string): string;
  readonly clock: Clock;
  /** Whether standard error is a terminal that a progress bar can be drawn on. */
  readonly canDraw: boolean;
}

/** The process's own streams. `NO_COLOR` and pipes turn colour off. */
export const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  async write(piece) {
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  },
  note: (text) => void process.stderr.write(`${text}\n`),
  // styleText itself respects NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  style: (style, text) => styleText(style, text, { stream: process.stdout, validateStream: true }),
  clock: systemClock,
  canDraw: process.stderr.isTTY === true,
};

/**
 * Ends the process quietly when the reader of a pipe is gone, and with exit code 3 and one line when output cannot be
 * written, for example to a full disk.
 */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    const { message, exitCode } = cliError('OUTPUT_FAILED', { reason: error.message });
    process.stderr.write(`${message} [OUTPUT_FAILED]\n`);
    process.exit(exitCode);
  });
  // Where even errors cannot be written, the exit code is all that is left.
  process.stderr.on('error', () => undefined);
}
