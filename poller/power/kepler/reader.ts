import { type ExpositionSample, ExpositionScanner } from '../exposition/scanner.ts';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import { CLASSIC_METRICS, CLASSIC_TOTAL_METRICS, ClassicBody } from './classic-body.ts';
import { REWRITE_METRICS, RewriteBody } from './rewrite-body.ts';

/** How bodies are read. */
export interface KeplerOptions {
  /** Energy zone to fall back on where the rewrite offers neither `package` nor `psys`. */
  readonly zone?: string | undefined;
  /** The body was announced as OpenMetrics, which must end with `# EOF`. */
  readonly openMetrics?: boolean;
  /** The exporter's last body had a total that can be trusted: the parts that it is made of are not read. */
  readonly totalIsSound?: boolean;
}

/** Reads one body of either generation as it arrives; `finish` gives its counters or throws a KeplerBodyError. */
export class KeplerReader {
  readonly #options: KeplerOptions;
  readonly #classic = new ClassicBody();
  readonly #rewrite: RewriteBody;
  readonly #scanner: ExpositionScanner;
  #head = '';
  #bad = 0;

  constructor(options: KeplerOptions = {}) {
    this.#options = options;
    this.#rewrite = new RewriteBody(options.zone);
    const classic = options.totalIsSound ? CLASSIC_TOTAL_METRICS : CLASSIC_METRICS;
    this.#scanner = new ExpositionScanner([...new Set([...classic, ...REWRITE_METRICS])], (sample) =>
      this.#take(sample),
    );
  }

  /** Takes the next bytes; throws as soon as the body shows that it is no exposition. */
  push(chunk: Uint8Array): void {
    if (this.#head.length < 80) {
      this.#head = (this.#head + Buffer.from(chunk.subarray(0, 80)).toString('latin1')).trimStart().slice(0, 80);
      if (this.#head.startsWith('<')) throw new KeplerBodyError('html', `a page instead of metrics: ${this.#shown()}`);
    }
    this.#scanner.push(chunk);
  }

  /** The counters of the whole body. */
  finish(): KeplerScrape {
    const end = this.#scanner.end();
    if (end.unfinished || (this.#options.openMetrics && !end.eof))
      throw new KeplerBodyError('truncated', `the body ends too early, after ${end.lines} whole lines`);
    const malformed = end.malformed + this.#bad;
    if (this.#rewrite.containers > 0) return { ...this.#rewrite.scrape(), malformed };
    if (this.#classic.containers > 0) return this.#classicScrape(malformed);
    if (this.#rewrite.recognised || this.#classic.recognised)
      throw new KeplerBodyError(
        'no-containers',
        'Kepler exposes no container energy; enable its container metrics level',
      );
    throw new KeplerBodyError('foreign', `no metric of Kepler in ${end.lines} lines that begin with ${this.#shown()}`);
  }

  #classicScrape(malformed: number): KeplerScrape {
    const scrape = this.#classic.scrape();
    if (this.#options.totalIsSound && !scrape.totalIsSound)
      throw new KeplerBodyError(
        'changed',
        `the version of Kepler has changed (to ${scrape.version ?? 'one that it does not expose'})`,
      );
    return { ...scrape, malformed };
  }

  #take(sample: ExpositionSample): void {
    // A counter that is not a finite, non-negative number says nothing; the others of the body still do.
    if (!(sample.value >= 0) || sample.value === Infinity) this.#bad += 1;
    else if (!this.#rewrite.take(sample)) this.#classic.take(sample);
  }

  #shown(): string {
    return JSON.stringify(this.#head);
  }
}

/** Reads a whole body at once. */
export function readKepler(body: Uint8Array, options: KeplerOptions = {}): KeplerScrape {
  const reader = new KeplerReader(options);
  reader.push(body);
  return reader.finish();
}
