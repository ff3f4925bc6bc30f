import type { Logger } from '../../shared/runtime/logger.ts';
import type { PowerMetrics } from './power-metrics.ts';
import { ScrapeError } from './scrape-error.ts';

/** Which targets give samples and which do not; a change is logged once. */
export class TargetHealth {
  readonly #logger: Logger;
  readonly #metrics: PowerMetrics;
  /** Last outcome by target: `ok`, or the reason why there were no samples. */
  readonly #outcomes = new Map<string, string>();

  constructor(logger: Logger, metrics: PowerMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** A target gave samples; `facts` describe it in the log when it had not before. */
  succeeded(target: string, facts: object): void {
    this.#metrics.scrapes.inc({ outcome: 'ok' });
    if (this.#outcomes.get(target) === 'ok') return;
    this.#outcomes.set(target, 'ok');
    this.#logger.info({ target, ...facts }, 'receiving power from the exporter');
  }

  /** A target gave no samples, or they could not be stored. */
  failed(target: string, error: unknown): void {
    const outcome = error instanceof ScrapeError ? error.reason : 'store';
    this.#metrics.scrapes.inc({ outcome });
    if (this.#outcomes.get(target) === outcome) return;
    this.#outcomes.set(target, outcome);
    if (error instanceof ScrapeError) {
      // An exporter that is away is not an error of this program: a stack would only hide what it answers.
      const fields = { code: 'EXPORTER_SCRAPE_FAILED', target, reason: outcome, detail: error.message };
      this.#logger.error(
        fields,
        'the exporter gave no power samples; its energy counters are read again at the next scrape',
      );
    } else {
      const fields = { code: 'POWER_NOT_STORED', target, reason: outcome, err: error };
      this.#logger.error(fields, 'power samples could not be stored; the next scrape will include their energy');
    }
  }

  /** Forgets all other targets. */
  retain(targets: ReadonlySet<string>): void {
    for (const target of this.#outcomes.keys()) if (!targets.has(target)) this.#outcomes.delete(target);
  }

  /** Sets the gauge of targets. */
  report(): void {
    const failing = [...this.#outcomes.values()].filter((outcome) => outcome !== 'ok').length;
    this.#metrics.targets.set({ state: 'ok' }, this.#outcomes.size - failing);
    this.#metrics.targets.set({ state: 'failing' }, failing);
  }
}
