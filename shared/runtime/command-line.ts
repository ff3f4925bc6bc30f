/** What a program may be started with, for its help page. */
export interface CommandLine<Mode extends string> {
  /** The file that is started, as it is typed. */
  readonly file: string;
  readonly purpose: string;
  /** Switches without their dashes, each with what it does. */
  readonly modes: Readonly<Record<Mode, string>>;
  /** What to know first, and examples to copy. */
  readonly more: string;
}

/** A switch that a program does not have. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The switch that a program was started with, `help`, or undefined for none; throws a UsageError for anything else. */
export function chosenMode<Mode extends string>(
  { file, modes }: CommandLine<Mode>,
  given: readonly string[],
): Mode | 'help' | undefined {
  const switches = Object.keys(modes) as Mode[];
  if (given.some((word) => word === '--help' || word === '-h')) return 'help';
  const known = (word: string) => switches.find((mode) => word === `--${mode}`);
  const unknown = given.find((word) => known(word) === undefined);
  if (unknown !== undefined) {
    const all = [...switches, 'help'].map((mode) => `--${mode}`).join(', ');
    throw new UsageError(
      `${file}: "${unknown}" is not known here; it takes ${all}. Settings are environment variables`,
    );
  }
  if (given.length > 1) throw new UsageError(`${file}: takes one switch at a time, not ${given.join(' ')}`);
  return given[0] === undefined ? undefined : known(given[0]);
}

/** The page for `--help`. */
export function helpPage<Mode extends string>({ file, purpose, modes, more }: CommandLine<Mode>): string {
  const switches: [string, string][] = [...Object.entries<string>(modes), ['help', 'show this page']];
  const width = Math.max(...switches.map(([mode]) => mode.length));
  const lines = switches.map(([mode, meaning]) => `  --${mode.padEnd(width)}  ${meaning}`);
  return `Usage: node ${file} [switch]\n\n${purpose}\n\nSwitches:\n${lines.join('\n')}\n\n${more}\n`;
}
