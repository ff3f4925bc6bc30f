/** A number with so many significant digits, or a dash for what is not known. */
export function number(value: number | null | undefined, digits?: number): string;
/** Grams as text with the unit that keeps it short. */
export function grams(value: number | null | undefined): string;
/** Energy as text with the unit that keeps it short. */
export function energy(kwh: number | null | undefined): string;
