import type { z } from 'zod';
import { ConfigError, type Environment, loadConfig, redacted } from './config.ts';
import { fail, runUntilSignal } from './lifecycle.ts';

/** Something that a program does once instead of running: what to tell of it, and how; a number is its exit code. */
export interface Errand<Shape extends z.ZodRawShape> {
  readonly tells: string;
  /** Where it asks less of the settings than the program does. */
  readonly settings?: z.ZodObject<Shape>;
  run(config: z.output<z.ZodObject<Shape>>): Promise<number>;
}

/** A program: its settings, what it runs until a signal comes, and its errands by their flags. */
export interface Program<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly settings: z.ZodObject<Shape>;
  readonly errands: Readonly<Record<string, Errand<Shape>>>;
  start(config: z.output<z.ZodObject<Shape>>): Promise<AsyncDisposable>;
}

const CHECK = '--check-config';

/** Runs a program as it was called. An argument that it does not know ends it: what was meant would else not happen. */
export async function runProgram<Shape extends z.ZodRawShape>(
  program: Program<Shape>,
  args: readonly string[],
  env: Environment,
): Promise<void> {
  const { name, errands } = program;
  try {
    if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(usage(program));
    const unknown = args.filter((arg) => arg !== CHECK && !Object.hasOwn(errands, arg));
    const known = [...Object.keys(errands), CHECK, '--help'].join(', ');
    const faults = unknown.map((arg) => `${arg}: is no argument of this program; it takes ${known}`);
    if (faults.length > 0) throw new ConfigError(name, faults);
    const [errand] = args.filter((arg) => arg !== CHECK).map((arg) => errands[arg]);
    const settings = errand?.settings ?? program.settings;
    const config = loadConfig(name, settings, env);
    if (args.includes(CHECK)) process.stdout.write(`${JSON.stringify(redacted(settings, config), shown, 2)}\n`);
    else if (errand) process.exitCode = await errand.run(config);
    else await runUntilSignal(() => program.start(config));
  } catch (error) {
    fail(error);
  }
}

/** Maps, such as ZONE_MAP, as JSON has them. */
function shown(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function usage<Shape extends z.ZodRawShape>({ name, errands }: Program<Shape>): string {
  const rows = [
    ...Object.entries(errands).map(([flag, { tells }]) => [flag, tells]),
    [CHECK, 'print the settings, secrets hidden, or every fault of them, and exit 0 or 1'],
    ['--help', 'print this'],
  ];
  const lines = rows.map(([flag, tells]) => `  ${flag?.padEnd(16)}${tells}\n`).join('');
  return `Usage: node ${name}/main.ts [argument]\n\nRuns the ${name} until SIGINT or SIGTERM. Settings are environment variables: docs/configuration.md\n\n${lines}`;
}
