import type { Logger } from '../../shared/runtime/logger.ts';
import type { PowerMetrics } from './power-metrics.ts';

/** What malformed lines are reported to. */
export interface MalformedLinesOptions {
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
}

/** Counts the lines of bodies that were left out, and logs once that a target has some, until a body of it has none. */
export class MalformedLines {
  readonly #options: MalformedLinesOptions;
  readonly #targets = new Set<string>();

  constructor(options: MalformedLinesOptions) {
    this.#options = options;
  }

  /** Takes the number of malformed lines of one body of a target. */
  take(target: string, lines: number): void {
    const { logger, metrics } = this.#options;
    metrics.malformed.inc(lines);
    if (lines === 0) return void this.#targets.delete(target);
    if (this.#targets.has(target)) return;
    this.#targets.add(target);
    logger.warn(
      { code: 'METRICS_MALFORMED', target, lines },
      'lines of an exporter are not valid samples and were skipped',
    );
  }
}
