import { styleText } from 'node:util';
import { type Clock, systemClock } from '../shared/runtime/clock.ts';

/** Where a command writes and what time it is; tests pass their own. */
export interface Io {
  /** Results, on standard output. */
  out(text: string): void;
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
  note: (text) => void process.stderr.write(`${text}\n`),
  // styleText itself respects NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  style: (style, text) => styleText(style, text, { stream: process.stdout, validateStream: true }),
  clock: systemClock,
  canDraw: process.stderr.isTTY === true,
};
