/** The exit codes, for the help pages. */
const EXIT_CODES = `Exit codes: 0 success; 1 invalid input or settings; 2 a service or file that the command needs is unavailable (cache
file, API, Prometheus, Kubernetes); 3 the store cannot be read or written.`;

/** The end of a help page: examples to copy, and the exit codes. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}\n${EXIT_CODES}\n`;
}
