import table from '../data/equivalences.json' with { type: 'json' };
import type { Grams } from '../grid/units.ts';

/** An amount of CO2 as something that people can picture, with the factor and where it comes from. */
export interface Equivalent {
  readonly id: string;
  readonly amount: number;
  /** What is counted, in words: "miles in an average US passenger car". */
  readonly unit: string;
  readonly kg_CO2_per_unit: number;
  readonly source: string;
}

/** What an amount of emissions equals: miles driven, tree-years, phone charges. */
export function equivalents(emitted: Grams): Equivalent[] {
  return table.factors.map(({ id, kgCO2, singular, plural, source }) => {
    const amount = emitted / 1000 / kgCO2;
    return { id, amount, unit: amount === 1 ? singular : plural, kg_CO2_per_unit: kgCO2, source };
  });
}
