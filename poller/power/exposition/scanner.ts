import { nameMatcher } from './metric-names.ts';
import { parseSample } from './sample-line.ts';

/** One sample of a wanted metric. `labels` is reused for the next sample: copy what you keep. */
export interface ExpositionSample {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** What a body turned out to be once it was read to its end. */
export interface ScanEnd {
  /** Lines of any kind. */
  readonly lines: number;
  /** Lines of wanted metrics that are not valid samples; they were left out. */
  readonly malformed: number;
  /** The body ended inside a line: what is missing may be half a number, so that line was not read. */
  readonly unfinished: boolean;
  /** The body ended with OpenMetrics' `# EOF`. */
  readonly eof: boolean;
}

const NEWLINE = 10;
const RETURN = 13;
const HASH = 35;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Longest line that is waited for; beyond it the body is not an exposition. */
const MAX_LINE_BYTES = 1_048_576;

/**
 * Reads a Prometheus or OpenMetrics exposition as its bytes arrive and hands out the samples of the wanted metrics; all
 * other lines are only stepped over, and nothing is kept. A last line without its newline is not handed out, because
 * `12` may be the beginning of `1234.5`: `unfinished` says so (a final `# EOF` needs no newline).
 */
export class ExpositionScanner {
  readonly #match: (buffer: Buffer, start: number, end: number) => number;
  readonly #wanted: readonly string[];
  readonly #onSample: (sample: ExpositionSample) => void;
  readonly #labels = new Map<string, string>();
  readonly #ignored: boolean[] = [];
  #tail: Buffer | undefined;
  #lines = 0;
  #malformed = 0;
  #eof = false;

  constructor(wanted: readonly string[], onSample: (sample: ExpositionSample) => void) {
    this.#wanted = wanted;
    this.#match = nameMatcher(wanted);
    this.#onSample = onSample;
  }

  /** Takes the next bytes of the body, cut anywhere. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const buffer = this.#tail === undefined ? bytes : Buffer.concat([this.#tail, bytes]);
    let start = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE, start)) {
      this.#line(buffer, start, end);
      start = end + 1;
    }
    if (buffer.length - start > MAX_LINE_BYTES) throw new RangeError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
    this.#tail = start < buffer.length ? buffer.subarray(start) : undefined;
  }

  /** From now on samples of a metric are stepped over: that costs a tenth of reading them. */
  ignore(metric: string): void {
    this.#ignored[this.#wanted.indexOf(metric)] = true;
  }

  /** How the body ended. */
  end(): ScanEnd {
    const rest = this.#tail?.toString().trim() ?? '';
    this.#tail = undefined;
    if (rest === '# EOF') this.#eof = true;
    return {
      lines: this.#lines,
      malformed: this.#malformed,
      unfinished: rest !== '' && rest !== '# EOF',
      eof: this.#eof,
    };
  }

  #line(buffer: Buffer, start: number, end: number): void {
    const first = this.#lines === 0 && buffer.subarray(start, start + 3).equals(BOM) ? start + 3 : start;
    this.#lines += 1;
    if (buffer[first] === HASH) {
      this.#eof = end - first <= 6 && buffer.toString('latin1', first, end).trimEnd() === '# EOF';
      return;
    }
    const metric = this.#match(buffer, first, end);
    if (metric < 0 || this.#ignored[metric]) return;
    const name = this.#wanted[metric] as string;
    const last = buffer[end - 1] === RETURN ? end - 1 : end;
    const nameAt = buffer.indexOf(name, first);
    const value = parseSample(buffer.toString('utf8', nameAt + name.length, last), this.#labels);
    if (value === undefined) this.#malformed += 1;
    else this.#onSample({ metric: name, labels: this.#labels, value });
  }
}
