import { ExpositionScanner } from '../exposition/scanner.ts';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import { KEPLER_METRICS, KeplerBody, type KeplerOptions, SOUND_TOTAL_METRICS } from './body.ts';

/** How the text of a body is read. */
export interface ReaderOptions extends KeplerOptions {
  /** The body was announced as OpenMetrics, which must end with `# EOF`. */
  readonly openMetrics?: boolean;
}

/** Reads the text of one body as it arrives; `finish` gives its counters or throws a KeplerBodyError. */
export class KeplerReader {
  readonly #options: ReaderOptions;
  readonly #body: KeplerBody;
  readonly #scanner: ExpositionScanner;
  #head = '';

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
    this.#body = new KeplerBody(options);
    const metrics = options.totalIsSound ? SOUND_TOTAL_METRICS : KEPLER_METRICS;
    this.#scanner = new ExpositionScanner(metrics, (sample) => {
      if (this.#body.isDone(sample.metric)) this.#scanner.ignore(sample.metric);
      else this.#body.take(sample);
    });
  }

  /** Takes the next bytes; throws as soon as the body shows that it is not an exposition. */
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
    const scrape = this.#body.finish();
    if (scrape !== undefined) return { ...scrape, malformed: scrape.malformed + end.malformed };
    throw new KeplerBodyError('foreign', `no metric of Kepler in ${end.lines} lines that begin with ${this.#shown()}`);
  }

  #shown(): string {
    return JSON.stringify(this.#head);
  }
}

/** Reads a whole body at once. */
export function readKepler(body: Uint8Array, options: ReaderOptions = {}): KeplerScrape {
  const reader = new KeplerReader(options);
  reader.push(body);
  return reader.finish();
}
