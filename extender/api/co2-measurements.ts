import { type CountryIntensity, priced } from '../../shared/emissions/country-intensity.ts';
import { emissions } from '../../shared/emissions/pricing.ts';
import { type EpochMs, type GramsPerKwh, HOUR_MS, hourOf, type Joules } from '../../shared/grid/units.ts';
import type { Container, PowerSample, TimeRange } from '../../shared/records/power.ts';
import { ByteWriter, PIECE_BYTES } from './byte-writer.ts';

const FIRST = Buffer.from('{"timestamp":"');
const NEXT = '}},{"timestamp":"';
const END = Buffer.from('}}');
const START = Buffer.from('","start":"');
const JOULES = Buffer.from(',"joules":');
const GPU_JOULES = Buffer.from(',"gpu_joules":');
const GRAMS = Buffer.from(',"grams":');

/** The samples' measurements as JSON, with commas between them, in pieces. */
export async function* measurementPieces(
  batches: AsyncIterable<readonly PowerSample[]> | Iterable<readonly PowerSample[]>,
  range: TimeRange,
  intensities: readonly CountryIntensity[],
  marginals: readonly CountryIntensity[],
): AsyncIterable<Buffer> {
  const writer = new ByteWriter();
  const measurements = new Measurements(writer, intensities, marginals);
  for await (const samples of batches) {
    for (const sample of samples) {
      // A sample that reaches over the edge gives the share that lies within, so that neighbouring ranges add up.
      const start = Math.max(sample.start, range.from);
      const end = Math.min(sample.end, range.to);
      const joules = ((sample.joules * (end - start)) / (sample.end - sample.start)) as Joules;
      measurements.write(sample.container, joules, start, end);
      if (writer.length >= PIECE_BYTES) yield writer.take();
    }
  }
  measurements.end();
  yield writer.take();
}

/**
 * Writes measurements. Most samples are of the container and the hour of the one before, so that the texts between their
 * figures are made once for an hour, each from one figure to the next.
 */
class Measurements {
  readonly #writer: ByteWriter;
  readonly #intensities: readonly CountryIntensity[];
  readonly #marginals: readonly CountryIntensity[];
  #container: Container | undefined;
  #hour = Number.NaN;
  #names: Buffer = FIRST;
  /** The intensities that are known in the hour, what is before the grams of each, and what is after the last. */
  #known: readonly GramsPerKwh[] = [];
  #before: readonly Buffer[] = [];
  #after: Buffer = FIRST;
  /** What is before the next measurement: the end of the last one, and the beginning of its own. */
  #opening: Buffer = FIRST;

  constructor(writer: ByteWriter, intensities: readonly CountryIntensity[], marginals: readonly CountryIntensity[]) {
    this.#writer = writer;
    this.#intensities = intensities;
    this.#marginals = marginals;
  }

  /** Writes what a container used over [start, end). */
  write(container: Container, joules: Joules, start: EpochMs, end: EpochMs): void {
    if (container !== this.#container || !(start >= this.#hour && start < this.#hour + HOUR_MS))
      this.#begin(container, hourOf(start));
    const writer = this.#writer;
    const seconds = (end - start) / 1000;
    writer.bytes(this.#opening);
    writer.time(end);
    writer.bytes(START);
    writer.time(start);
    writer.bytes(this.#names);
    writer.number(joules / seconds);
    writer.bytes(JOULES);
    writer.number(joules);
    if (container.device === 'gpu') {
      writer.bytes(GPU_JOULES);
      writer.number(joules);
    }
    if (end > this.#hour + HOUR_MS) {
      this.#opening = Buffer.from(`${countriesOf(container)}${this.#countries(joules, start, end)}${NEXT}`);
      return;
    }
    const known = this.#known;
    for (let at = 0; at < known.length; at += 1) {
      const grams = emissions(joules, known[at] as GramsPerKwh);
      writer.bytes(this.#before[at] as Buffer);
      writer.number(grams / seconds);
      writer.bytes(GRAMS);
      writer.number(grams);
    }
    this.#opening = this.#after;
  }

  /** Ends the last measurement, if there was one. */
  end(): void {
    if (this.#opening === FIRST) return;
    this.#writer.bytes(this.#opening.subarray(0, -NEXT.length));
    this.#writer.bytes(END);
  }

  /** Each country with what the energy emitted there. */
  #countries(joules: Joules, start: EpochMs, end: EpochMs): string {
    const all = this.#intensities.map((country, at) => {
      return `${JSON.stringify(country.code)}:${JSON.stringify(priced(country, joules, start, end, this.#marginals[at]))}`;
    });
    return all.join(',');
  }

  #begin(container: Container, hour: EpochMs): void {
    if (container !== this.#container) this.#names = namesOf(container);
    this.#container = container;
    this.#hour = hour;
    const known: GramsPerKwh[] = [];
    const before: Buffer[] = [];
    let text = countriesOf(container);
    for (const [at, country] of this.#intensities.entries()) {
      const price = priced(country, 1 as Joules, hour, hour + HOUR_MS, this.#marginals[at]);
      const { intensity_g_per_kwh, grams_per_second, grams, ...others } = price;
      const gramsPerKwh = country.at(hour)?.carbonIntensity;
      text += `${at > 0 ? ',' : ''}${JSON.stringify(country.code)}:`;
      // Where nothing is known there are no figures, whatever the energy.
      if (gramsPerKwh === undefined) text += JSON.stringify(price);
      else {
        known.push(gramsPerKwh);
        before.push(Buffer.from(`${text}{"intensity_g_per_kwh":${intensity_g_per_kwh},"grams_per_second":`));
        text = `,${JSON.stringify(others).slice(1)}`;
      }
    }
    this.#known = known;
    this.#before = before;
    this.#after = Buffer.from(text + NEXT);
  }
}

/** What all samples of a container have between their times and their power. */
function namesOf({ namespace, pod, container, node, powerQuality = 'measured' }: Container): Buffer {
  const names = JSON.stringify({ namespace, pod, container, node, power_quality: powerQuality });
  return Buffer.from(`",${names.slice(1, -1)},"joules_per_second":`);
}

/** What is between the energy of a container and its countries; that of GPUs is written before. */
function countriesOf({ device }: Container): string {
  return `${device === 'gpu' ? '' : ',"gpu_joules":null'},"co2_emissions_by_country":{`;
}
