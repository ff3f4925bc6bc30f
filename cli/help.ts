/** The exit codes, for the help pages. */
const EXIT_CODES = `Exit codes: 0 success; 1 invalid input or settings; 2 a service or file that the command needs is unavailable (cache
file, API, Prometheus, Kubernetes); 3 the store cannot be read or written.`;

/** How reporting commands choose between a running API and a store. */
export const API_HELP = `Reads the API at CARBON_API (with CARBON_API_TOKEN) if that is set, otherwise the store of DATA_DIR or the database. To reach\na cluster: kubectl -n carbon-extender port-forward svc/carbon-extender-api 5001`;

/** The end of a help page: examples to copy, and the exit codes. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}\n${EXIT_CODES}\n`;
}
