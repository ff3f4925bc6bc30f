import type { Command } from 'commander';
import { addCompletion } from './completion.ts';
import { flatProgram } from './flat-program.ts';
import { guardOutput, processIo } from './io.ts';
import { carbonProgram } from './program.ts';
import { reportError } from './report-error.ts';

/** Runs `carbon` with the arguments and environment of this process, and sets its exit code. */
export async function runCarbon(): Promise<void> {
  const program = carbonProgram(process.env);
  addCompletion(program, process.env);
  await run(program);
}

/** Runs `co2e-calculator` with the arguments and environment of this process, and sets its exit code. */
export async function runCalculator(): Promise<void> {
  await run(flatProgram(process.env));
}

async function run(program: Command): Promise<void> {
  guardOutput();
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = reportError(error, processIo.note);
  }
}
