import { type CountryIntensity, priced } from '../../shared/emissions/country-intensity.ts';
import { emissions } from '../../shared/emissions/pricing.ts';
import { type EpochMs, type GramsPerKwh, HOUR_MS, hourOf, type Joules } from '../../shared/grid/units.ts';
import type { Container, PowerSample, TimeRange } from '../../shared/records/power.ts';
import { ByteWriter, PIECE_BYTES } from './byte-writer.ts';

const FIRST = Buffer.from('{"timestamp":"');
const NEXT = Buffer.from('}},{"timestamp":"');
const START = Buffer.from('","start":"');
const JOULES = Buffer.from(',"joules":');
const GPU_JOULES = Buffer.from(',"gpu_joules":');
const COUNTRIES = Buffer.from(',"co2_emissions_by_country":{');
const NULL = Buffer.from('null');
const GRAMS = Buffer.from(',"grams":');
const END = Buffer.from('}}');

/** The samples' measurements as JSON, with commas between them, in pieces: each part of an hour's price is written once. */
export async function* measurementPieces(
  batches: AsyncIterable<readonly PowerSample[]> | Iterable<readonly PowerSample[]>,
  range: TimeRange,
  intensities: readonly CountryIntensity[],
  marginals: readonly CountryIntensity[],
): AsyncIterable<Buffer> {
  const writer = new ByteWriter();
  const pricers = intensities.map((country, at) => pricer(writer, country, marginals[at], at > 0 ? ',' : ''));
  let container: Container | undefined;
  let middle: Uint8Array = FIRST;
  let opening = FIRST;
  for await (const samples of batches) {
    for (const sample of samples) {
      if (sample.container !== container) {
        container = sample.container;
        middle = containerText(container);
      }
      // A sample that reaches over the edge gives the share that lies within, so that neighbouring ranges add up.
      const start = Math.max(sample.start, range.from);
      const end = Math.min(sample.end, range.to);
      const joules = ((sample.joules * (end - start)) / (sample.end - sample.start)) as Joules;
      writer.bytes(opening);
      opening = NEXT;
      writer.time(end);
      writer.bytes(START);
      writer.time(start);
      writer.bytes(middle);
      writer.number(joules / ((end - start) / 1000));
      writer.bytes(JOULES);
      writer.number(joules);
      writer.bytes(GPU_JOULES);
      if (sample.container.device === 'gpu') writer.number(joules);
      else writer.bytes(NULL);
      writer.bytes(COUNTRIES);
      for (const price of pricers) price(joules, start, end);
      if (writer.length >= PIECE_BYTES) yield writer.take();
    }
  }
  if (opening === NEXT) writer.bytes(END);
  yield writer.take();
}

/** What all samples of a container have between their times and their power. */
function containerText({ namespace, pod, container, node, powerQuality = 'measured' }: Container): Buffer {
  const names = JSON.stringify({ namespace, pod, container, node, power_quality: powerQuality });
  return Buffer.from(`",${names.slice(1, -1)},"joules_per_second":`);
}

/** Writes what energy emitted at one country's intensity. Most samples lie within one hour, whose price is kept. */
function pricer(
  writer: ByteWriter,
  country: CountryIntensity,
  marginal: CountryIntensity | undefined,
  separator: string,
): (joules: Joules, start: EpochMs, end: EpochMs) => void {
  const name = separator + JSON.stringify(country.code);
  let hour = Number.NaN;
  let gramsPerKwh: GramsPerKwh | undefined;
  let head: Uint8Array = GRAMS;
  let tail = head;
  return (joules, start, end) => {
    const of = hourOf(start);
    if (of !== hour) {
      hour = of;
      gramsPerKwh = country.at(of)?.carbonIntensity;
      const { intensity_g_per_kwh, grams_per_second, grams, ...others } = priced(
        country,
        1 as Joules,
        of,
        of + HOUR_MS,
        marginal,
      );
      head = Buffer.from(`${name}:{"intensity_g_per_kwh":${intensity_g_per_kwh},"grams_per_second":`);
      tail = Buffer.from(`,${JSON.stringify(others).slice(1)}`);
    }
    if (gramsPerKwh === undefined || end > of + HOUR_MS) {
      writer.bytes(Buffer.from(`${name}:${JSON.stringify(priced(country, joules, start, end, marginal))}`));
      return;
    }
    const grams = emissions(joules, gramsPerKwh);
    writer.bytes(head);
    writer.number(grams / ((end - start) / 1000));
    writer.bytes(GRAMS);
    writer.number(grams);
    writer.bytes(tail);
  };
}
