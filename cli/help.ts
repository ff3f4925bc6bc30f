/** The exit codes, for the help pages. */
const EXIT_CODES = `Exit codes: 0 done; 1 the question or a setting is at fault; 2 something that is needed cannot be reached (cache
file, Prometheus, Kubernetes); 3 the store cannot be read or written.`;

/** The end of a help page: examples to copy, and the exit codes. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}\n${EXIT_CODES}\n`;
}
