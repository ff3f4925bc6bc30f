import type { Logger } from '../../shared/runtime/logger.ts';
import type { PowerMetrics } from './power-metrics.ts';
import { ScrapeError } from './scrape-error.ts';

/** Where power comes from: Kepler's counters, the same from a Prometheus, a model of the usage that kubelets report, or DCGM's GPUs. */
export type PowerSource = 'kepler' | 'prometheus' | 'usage' | 'dcgm';

/** What the health of targets is reported to. */
export interface TargetHealthOptions {
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  /** Targets that never gave samples need not exist: another source serves their nodes. Default: false. */
  readonly optional?: boolean;
}

const FAILURES = {
  kepler: {
    code: 'EXPORTER_SCRAPE_FAILED',
    message: 'the exporter returned no power samples; its energy counters are read again at the next scrape',
  },
  prometheus: {
    code: 'PROMETHEUS_READ_FAILED',
    message: 'Prometheus returned no power samples; what it records meanwhile is read later',
  },
  usage: {
    code: 'KUBELET_SCRAPE_FAILED',
    message: 'the kubelet returned no usage; its counters are read again at the next scrape',
  },
  dcgm: {
    code: 'DCGM_SCRAPE_FAILED',
    message: 'the DCGM exporter returned no GPU energy; its counters are read again at the next scrape',
  },
} as const;

/** Which targets give samples and which do not; a change is logged once. */
export class TargetHealth {
  readonly #source: PowerSource;
  readonly #optional: boolean;
  readonly #everOk = new Set<string>();
  readonly #logger: Logger;
  readonly #metrics: PowerMetrics;
  /** Last outcome by target: `ok`, or the reason why there were no samples. */
  readonly #outcomes = new Map<string, string>();

  constructor(source: PowerSource, { logger, metrics, optional = false }: TargetHealthOptions) {
    this.#source = source;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#optional = optional;
  }

  /** A target gave samples; `facts` describe it in the log when it had not before. */
  succeeded(target: string, facts: object): void {
    this.#metrics.scrapes.inc({ source: this.#source, outcome: 'ok' });
    this.#everOk.add(target);
    if (this.#outcomes.get(target) === 'ok') return;
    this.#outcomes.set(target, 'ok');
    this.#logger.info({ target, source: this.#source, ...facts }, 'receiving power');
  }

  /** A target gave no samples, or they could not be stored. */
  failed(target: string, error: unknown): void {
    const outcome = error instanceof ScrapeError ? error.reason : 'store';
    this.#metrics.scrapes.inc({ source: this.#source, outcome });
    if (this.#outcomes.get(target) === outcome) return;
    this.#outcomes.set(target, outcome);
    if (error instanceof ScrapeError) {
      // An exporter that is away is not an error of this program: a stack would only hide what it answers.
      const { code, message } = FAILURES[this.#source];
      const fields = { target, reason: outcome, detail: error.message };
      if (this.#optional && !this.#everOk.has(target))
        return this.#logger.info(
          fields,
          'no Kepler found; nodes are covered by the usage model where kubelets can be read',
        );
      this.#logger.error({ code, ...fields }, message);
    } else {
      const fields = { code: 'POWER_NOT_STORED', target, reason: outcome, err: error };
      this.#logger.error(fields, 'power samples could not be stored; the next scrape will include their energy');
    }
  }

  /** Forgets all other targets. */
  retain(targets: ReadonlySet<string>): void {
    for (const target of this.#outcomes.keys()) if (!targets.has(target)) this.#outcomes.delete(target);
    for (const target of this.#everOk) if (!targets.has(target)) this.#everOk.delete(target);
  }

  /** Sets the gauge of targets. */
  report(): void {
    const counted = [...this.#outcomes].filter(([target]) => !this.#optional || this.#everOk.has(target));
    const failing = counted.filter(([, outcome]) => outcome !== 'ok').length;
    this.#metrics.targets.set({ source: this.#source, state: 'ok' }, counted.length - failing);
    this.#metrics.targets.set({ source: this.#source, state: 'failing' }, failing);
  }
}
