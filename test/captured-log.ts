import type { Logger } from '../shared/runtime/logger.ts';

/** One line that was logged. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A logger that keeps its lines for a test to read. */
export function capturedLog(): Logger & { readonly lines: LoggedLine[]; at(level: string): LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const write = (level: string, base: object) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...base, ...fields } });
  };
  const make = (base: object): Logger => ({
    trace: write('trace', base),
    debug: write('debug', base),
    info: write('info', base),
    warn: write('warn', base),
    error: write('error', base),
    child: (fields) => make({ ...base, ...fields }),
  });
  return { ...make({}), lines, at: (level) => lines.filter((line) => line.level === level) };
}
