/** Writes whole numbers of up to 53 bits in as few bytes as they need, seven bits a byte, lowest first. */
export class VarintWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** A number from 0 to 2^53 - 1. */
  unsigned(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A number of either sign; small ones of both signs are short. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** One byte as it is. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = value;
  }

  /** A copy of what was written; the writer is empty again. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what {@link VarintWriter} wrote. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False at the end. */
  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** The next byte written with `byte`. */
  byte(): number {
    return this.#bytes[this.#at++] as number;
  }

  /** The next number written with `unsigned`. */
  unsigned(): number {
    let byte = this.#bytes[this.#at++] as number;
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = this.#bytes[this.#at++] as number;
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }

  /** The next number written with `signed`. */
  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
