import { pino } from 'pino';

/** The part of pino's logger that the program uses. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Levels that `LOG_LEVEL` takes, quietest last. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** JSON lines on standard output with ISO times; `name` is that of the process, and `object` that of what a line is about. */
export function createLogger(name: string, level: (typeof LOG_LEVELS)[number]): Logger {
  return pino({
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: withoutName },
  });
}

// Twice the same key in one JSON object: readers of the log would take a pod's name for that of the process.
function withoutName(fields: Record<string, unknown>): Record<string, unknown> {
  if (!('name' in fields)) return fields;
  const { name: object, ...others } = fields;
  return { object, ...others };
}
