import type { PowerSample, TimeRange } from '../../shared/store/ports.ts';
import { type EpochMs, HOUR_MS, hourOf, JOULES_PER_KWH, type Joules } from '../../shared/units.ts';
import { type CountryIntensity, priced } from './country-intensity.ts';
import { timeWriter } from './time-writer.ts';

/** Characters that are gathered before they are sent. */
const PIECE = 65_536;

/** The samples' measurements as JSON, with commas between them, in pieces: each part of an hour's price is written once. */
export async function* measurementTexts(
  samples: AsyncIterable<PowerSample> | Iterable<PowerSample>,
  range: TimeRange,
  intensities: readonly CountryIntensity[],
): AsyncIterable<string> {
  const pricers = intensities.map(pricer);
  const time = timeWriter();
  let piece = '';
  let separator = '';
  for await (const sample of samples) {
    // A sample that reaches over the edge gives the share that lies within, so that neighbouring ranges add up.
    const start = Math.max(sample.start, range.from);
    const end = Math.min(sample.end, range.to);
    const joules = ((sample.joules * (end - start)) / (sample.end - sample.start)) as Joules;
    const { node, powerQuality = 'measured' } = sample.container;
    const begins = time(start);
    piece += `${separator}{"timestamp":"${time(end)}","start":"${begins}","node":${JSON.stringify(node)},"power_quality":"${powerQuality}","joules_per_second":${joules / ((end - start) / 1000)},"joules":${joules},"co2_emissions_by_country":{`;
    separator = ',';
    let comma = '';
    for (const price of pricers) {
      piece += comma + price(joules, start, end);
      comma = ',';
    }
    piece += '}}';
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** Writes what energy emitted at one country's intensity. Most samples lie within one hour, whose price is kept. */
function pricer(country: CountryIntensity): (joules: Joules, start: EpochMs, end: EpochMs) => string {
  const name = JSON.stringify(country.code);
  let hour = Number.NaN;
  let gramsPerKwh: number | undefined;
  let head = '';
  let tail = '';
  return (joules, start, end) => {
    const of = hourOf(start);
    if (of !== hour) {
      hour = of;
      gramsPerKwh = country.at(of)?.carbonIntensity;
      const { intensity_g_per_kwh, quality, provider, coverage } = priced(country, 1 as Joules, of, of + HOUR_MS);
      head = `${name}:{"intensity_g_per_kwh":${intensity_g_per_kwh},"grams_per_second":`;
      tail = `,"quality":${JSON.stringify(quality)},"provider":${JSON.stringify(provider)},"coverage":${coverage}}`;
    }
    if (gramsPerKwh === undefined || end > of + HOUR_MS)
      return `${name}:${JSON.stringify(priced(country, joules, start, end))}`;
    const grams = (joules / JOULES_PER_KWH) * gramsPerKwh;
    return `${head}${grams / ((end - start) / 1000)},"grams":${grams}${tail}`;
  };
}
