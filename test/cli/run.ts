import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect } from 'vitest';
import { flatProgram } from '../../cli/flat-program.ts';
import type { Io } from '../../cli/io.ts';
import { carbonProgram } from '../../cli/program.ts';
import { reportError } from '../../cli/report-error.ts';
import type { Environment } from '../../shared/runtime/config.ts';
import { FakeClock } from '../fake-clock.ts';

/** What a command wrote and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
  /** What was written in pieces. */
  readonly bytes: Buffer;
}

/** The hour that golden outputs are made in. */
export const NOW = '2026-03-15T12:30:00Z';

/** Runs `carbon` or `co2e-calculator` in this process at a fixed time (NOW unless one is given), with a data folder of its own. */
export async function run(
  args: readonly string[],
  env: Environment,
  program: 'carbon' | 'co2e-calculator' = 'carbon',
  now = NOW,
): Promise<Ran> {
  const written = { out: '', notes: '' };
  const pieces: Uint8Array[] = [];
  const add = (to: keyof typeof written, text: string) => {
    written[to] += text;
  };
  const io: Io = {
    out: (text) => add('out', text),
    async write(piece) {
      pieces.push(piece);
    },
    note: (text) => add('notes', `${text}\n`),
    style: (_style, text) => text,
    clock: new FakeClock(now),
    canDraw: false,
  };
  const command = program === 'carbon' ? carbonProgram(env, io) : flatProgram(env, io);
  everyCommand(command, (each) =>
    each.exitOverride().configureOutput({ writeOut: io.out, writeErr: (text) => add('notes', text) }),
  );
  try {
    await command.parseAsync(args, { from: 'user' });
    return { code: 0, ...written, bytes: Buffer.concat(pieces) };
  } catch (error) {
    // Commander has printed its own errors already.
    const code = error instanceof CommanderError ? error.exitCode : reportError(error, io.note);
    return { code, ...written, bytes: Buffer.concat(pieces) };
  }
}

/** A folder that goes when the test ends. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'carbon-cli-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Compares a text with its golden file; UPDATE_GOLDEN=1 writes the file instead. */
export function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dirname, 'golden', name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  expect(existsSync(path), `${name} is missing; UPDATE_GOLDEN=1 writes it`).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}
