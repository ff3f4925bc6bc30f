import type { ExpositionSample } from '../exposition/scanner.ts';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import { CLASSIC_METRICS, CLASSIC_TOTAL_METRICS, ClassicBody } from './classic-body.ts';
import { REWRITE_METRICS, RewriteBody } from './rewrite-body.ts';

/** How bodies are read. */
export interface KeplerOptions {
  /** Energy zone to fall back on where the rewrite offers neither `package` nor `psys`. */
  readonly zone?: string | undefined;
  /** The exporter's last body had a total that can be trusted: the parts that it is made of are not read. */
  readonly totalIsSound?: boolean;
}

/** Every metric that is read of either generation. */
export const KEPLER_METRICS: readonly string[] = [...new Set([...CLASSIC_METRICS, ...REWRITE_METRICS])];
/** The same without the parts of a total that is known to be sound. */
export const SOUND_TOTAL_METRICS: readonly string[] = [...new Set([...CLASSIC_TOTAL_METRICS, ...REWRITE_METRICS])];

/** Collects the samples of one body of either generation; `finish` gives its counters or throws a KeplerBodyError. */
export class KeplerBody {
  readonly #options: KeplerOptions;
  readonly #classic = new ClassicBody();
  readonly #rewrite: RewriteBody;
  #malformed = 0;

  constructor(options: KeplerOptions = {}) {
    this.#options = options;
    this.#rewrite = new RewriteBody(options.zone);
  }

  /** Whether the rest of a metric's samples is not needed. */
  isDone(metric: string): boolean {
    return this.#rewrite.isDone(metric);
  }

  /** Takes a sample of {@link KEPLER_METRICS}. */
  take(sample: ExpositionSample): void {
    // A counter that is not a finite, non-negative number says nothing; the others of the body still do.
    if (!(sample.value >= 0) || sample.value === Infinity) this.#malformed += 1;
    else if (!this.#rewrite.take(sample)) this.#classic.take(sample);
  }

  /** The counters of the whole body; undefined when it has no metric of Kepler. */
  finish(): KeplerScrape | undefined {
    const malformed = this.#malformed;
    if (this.#rewrite.containers > 0) return { ...this.#rewrite.scrape(), malformed };
    if (this.#classic.containers > 0) return this.#classicScrape(malformed);
    if (!this.#rewrite.recognised && !this.#classic.recognised) return undefined;
    throw new KeplerBodyError(
      'no-containers',
      'Kepler exposes no container energy; enable its container metrics level',
    );
  }

  #classicScrape(malformed: number): KeplerScrape {
    const scrape = this.#classic.scrape();
    if (this.#options.totalIsSound && !scrape.totalIsSound)
      throw new KeplerBodyError(
        'changed',
        `Kepler counts GPUs now, or its version has changed (to ${scrape.version ?? 'one that it does not expose'})`,
      );
    return { ...scrape, malformed };
  }
}
