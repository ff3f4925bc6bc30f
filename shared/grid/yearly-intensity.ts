import table from '../data/yearly-intensity.json' with { type: 'json' };
import { type GramsPerKwh, gramsPerKwh } from './units.ts';
import { countryOf, type Zone } from './zones.ts';

/** Average intensity of a zone over a whole year, with the year and the source (see shared/data/README.md). */
export interface YearlyIntensity {
  readonly gramsPerKwh: GramsPerKwh;
  readonly year: number;
  readonly source: string;
  /** The zone that the figure is of: the given one, or its country. */
  readonly of: Zone;
}

const zones: Readonly<Record<string, { gramsPerKwh: number; year: number; source: string } | undefined>> = table;

/** The built-in yearly average of a zone, else of its country; undefined when neither is in the table. */
export function yearlyIntensity(zone: Zone): YearlyIntensity | undefined {
  for (const code of [zone, countryOf(zone) as Zone]) {
    const entry = Object.hasOwn(zones, code) ? zones[code] : undefined;
    if (entry) return { ...entry, gramsPerKwh: gramsPerKwh(entry.gramsPerKwh), of: code };
  }
  return undefined;
}

/** Every zone that has a yearly average, without the world as a whole. */
export function yearlyZones(): Zone[] {
  return (Object.keys(zones) as Zone[]).filter((code) => code !== 'WORLD');
}
