import { CLI_ERRORS } from '../../cli/errors.ts';
import { EXTENDER_ERRORS } from '../../extender/errors.ts';
import { POLLER_ERRORS } from '../../poller/errors.ts';
import type { ErrorCatalogue } from '../../shared/errors/catalogue.ts';
import { SHARED_ERRORS } from '../../shared/errors/shared-errors.ts';

/** Every catalogue of errors, by the process that reports them. */
export const CATALOGUES: Readonly<Record<string, ErrorCatalogue>> = {
  'Every program': SHARED_ERRORS,
  Poller: POLLER_ERRORS,
  Extender: EXTENDER_ERRORS,
  'Command line': CLI_ERRORS,
};

/** The page of all errors, from the catalogues. */
export function errorsPage(): string {
  return [
    '# Errors',
    '',
    'Generated from the code by `npm run docs`. Codes are stable: search logs and responses for them. A status is that of the',
    'HTTP response (`application/problem+json`, member `code`), an exit code that of the program; an error with neither is a line',
    'of the log.',
    '',
    ...Object.entries(CATALOGUES).flatMap(([title, catalogue]) => section(title, catalogue)),
  ].join('\n');
}

function section(title: string, catalogue: ErrorCatalogue): string[] {
  const rows = Object.entries(catalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { message, action = '', status = '', exitCode = '' }]) => {
      const cells = [`\`${code}\``, status, exitCode, message, action].map((cell) =>
        String(cell).replaceAll('|', '\\|').replaceAll('\n', ' '),
      );
      return `| ${cells.join(' | ')} |`;
    });
  const head = '| code | status | exit code | message | what to do |';
  return [`## ${title}`, '', head, '|---|---|---|---|---|', ...rows, ''];
}
