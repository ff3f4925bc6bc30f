import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';

/** Bytes of a piece of a response: pieces are sent once they hold about as much. */
export const PIECE_BYTES = 131_072;
/** Room for what is written after a piece was not yet full. */
const SLACK = 8_192;
/** The longest number or time. */
const LONGEST = 32;

const ZERO = 0x30;
const POINT = 0x2e;
const DIGITS = 15;
/** Decimal exponents of the numbers that are written digit by digit: those that scale to whole numbers exactly. */
const LEAST_EXPONENT = -8;
const MOST_EXPONENT = 13;
const POWERS = powersOfTen(LEAST_EXPONENT - 1, MOST_EXPONENT + 1);
/** What gives a number of an exponent 15 digits before its point; at most 10^22, which a double holds exactly. */
const SCALES = powersOfTen(DIGITS - 1 - MOST_EXPONENT, DIGITS - 1 - LEAST_EXPONENT).reverse();

/** Where the exponent of a double is looked at, on machines of either byte order. */
const DOUBLE = new Float64Array(1);
const HALVES = new Int32Array(DOUBLE.buffer);
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
/** The texts of 0000 to 9999, each as one number of four bytes, the first digit highest. */
const FOURS = Uint32Array.from({ length: 10_000 }, (_, value) =>
  Buffer.from(String(value).padStart(4, '0')).readUInt32BE(),
);

/**
 * Writes long responses as UTF-8 bytes. Numbers are written with 15 significant digits, which every double has, and as
 * JSON has them: the shortest text that gives the same double back takes V8 longer than all the rest of a response.
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(PIECE_BYTES + SLACK);
  /** The same bytes, four of which are written at once. */
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #hour = Number.NaN;
  /** A time of the hour. */
  #time: Uint8Array = Buffer.alloc(0);

  /** Bytes written since the last piece was taken. */
  get length(): number {
    return this.#at;
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    const into = this.#bytes;
    const at = this.#at;
    // The call costs as much as some 20 bytes.
    if (length > 20) into.set(bytes, at);
    else for (let index = 0; index < length; index += 1) into[at + index] = bytes[index] as number;
    this.#at = at + length;
  }

  /** A number; one that is not finite, which JSON does not have, is null. */
  number(value: number): void {
    this.#reserve(LONGEST);
    if (value >= 1e-8 && value < 1e14) this.#digits(value);
    else this.#at += this.#bytes.write(Number.isFinite(value) ? String(value) : 'null', this.#at, 'latin1');
  }

  /** A time as `isoTime` writes it. */
  time(time: EpochMs): void {
    this.#reserve(LONGEST);
    const hour = Math.floor(time / HOUR_MS);
    if (hour !== this.#hour) {
      this.#time = Buffer.from(isoTime(time));
      this.#hour = hour;
    } else writeWithinHour(this.#time, Math.trunc(time) - hour * HOUR_MS);
    this.#bytes.set(this.#time, this.#at);
    this.#at += this.#time.length;
  }

  /** What was written, until something is written again: the memory is one and the same. The writer is empty again. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return taken;
  }

  /** A number that is at least 10^-8 and less than 10^14. */
  #digits(value: number): void {
    DOUBLE[0] = value;
    // 1233 / 4096 is the logarithm of 2; rounded down it gives the decimal exponent or one less.
    let exponent = ((((HALVES[UPPER] as number) >> 20) - 1023) * 1233) >> 12;
    if (value >= (POWERS[exponent + 2 - LEAST_EXPONENT] as number)) exponent += 1;
    // Faster than Math.round, and the same up to 2^52.
    let scaled = Math.floor(value * (SCALES[exponent - LEAST_EXPONENT] as number) + 0.5);
    if (scaled >= 1e15) {
      scaled /= 10;
      exponent += 1;
    }
    if (exponent < 0) this.#fraction(scaled, -exponent - 1);
    else this.#mixed(scaled, exponent + 1);
  }

  /** 0.000ddd */
  #fraction(scaled: number, zeros: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
    const count = writeDigits(this.#view, start + zeros + 2, scaled);
    bytes[start] = ZERO;
    bytes[start + 1] = POINT;
    for (let zero = 0; zero < zeros; zero += 1) bytes[start + 2 + zero] = ZERO;
    this.#at = start + zeros + 2 + count;
  }

  /** ddd.ddd, or ddd */
  #mixed(scaled: number, whole: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    const count = writeDigits(this.#view, at + 1, scaled);
    for (let index = 0; index < whole; index += 1) bytes[at + index] = bytes[at + index + 1] as number;
    if (count <= whole) {
      this.#at = at + whole;
      return;
    }
    bytes[at + whole] = POINT;
    this.#at = at + count + 1;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function powersOfTen(from: number, to: number): Float64Array {
  return Float64Array.from({ length: to - from + 1 }, (_, at) => Number(`1e${from + at}`));
}

/** Writes 15 digits, and a zero before them; returns how many are left without the zeros at their end. */
function writeDigits(view: DataView, at: number, scaled: number): number {
  const high = Math.floor(scaled / 1e8) | 0;
  const low = (scaled - high * 1e8) | 0;
  const first = (high / 10_000) | 0;
  const second = high - first * 10_000;
  const third = (low / 10_000) | 0;
  const last = low - third * 10_000;
  view.setUint32(at - 1, FOURS[first] as number);
  view.setUint32(at + 3, FOURS[second] as number);
  view.setUint32(at + 7, FOURS[third] as number);
  view.setUint32(at + 11, FOURS[last] as number);
  if (last !== 0) return DIGITS - zerosAtEnd(last);
  if (third !== 0) return DIGITS - 4 - zerosAtEnd(third);
  if (second !== 0) return DIGITS - 8 - zerosAtEnd(second);
  return DIGITS - 12 - zerosAtEnd(first);
}

/** How many zeros a number from 1 to 9999 ends with. */
function zerosAtEnd(value: number): number {
  if (value % 10 !== 0) return 0;
  return value % 100 !== 0 ? 1 : value % 1_000 !== 0 ? 2 : 3;
}

/** Writes the minute, second and millisecond of a time whose hour is as before. */
function writeWithinHour(text: Uint8Array, within: number): void {
  const at = text.length - 'mm:ss.sssZ'.length;
  const seconds = (within / 1_000) | 0;
  const minute = (seconds / 60) | 0;
  const millis = within - seconds * 1_000;
  const tens = (millis / 10) | 0;
  pair(text, at, minute);
  pair(text, at + 3, seconds - minute * 60);
  pair(text, at + 6, tens);
  text[at + 8] = ZERO + millis - tens * 10;
}

function pair(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - tens * 10;
}
