declare const unit: unique symbol;
type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

/** Energy in joules. */
export type Joules = Quantity<'J'>;
/** Power in watts, that is joules per second. */
export type Watts = Quantity<'W'>;
/** Mass of emissions in grams of CO2 equivalent. */
export type Grams = Quantity<'gCO2eq'>;
/** Carbon intensity of electricity in gCO2eq per kilowatt-hour. */
export type GramsPerKwh = Quantity<'gCO2eq/kWh'>;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** Joules in a kilowatt-hour: 1000 W for 3600 s. */
export const JOULES_PER_KWH = 3_600_000;
/** Milliseconds in an hour. */
export const HOUR_MS = 3_600_000;

/** Takes a plain number as joules. */
export function joules(value: number): Joules {
  return value as Joules;
}

/** Takes a plain number as watts. */
export function watts(value: number): Watts {
  return value as Watts;
}

/** Takes a plain number as grams of CO2 equivalent. */
export function grams(value: number): Grams {
  return value as Grams;
}

/** Takes a plain number as gCO2eq/kWh. */
export function gramsPerKwh(value: number): GramsPerKwh {
  return value as GramsPerKwh;
}

/** Start of the UTC hour that a time lies in. */
export function hourOf(time: EpochMs): EpochMs {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

/** A time as ISO 8601 in UTC with milliseconds and `Z`. */
export function isoTime(time: EpochMs): string {
  return new Date(time).toISOString();
}
