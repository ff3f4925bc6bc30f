import { z } from 'zod';

/** A whole number in a query: decimal digits, within limits that the API's description has too. */
export function wholeNumber(least: number, most: number) {
  const outside = `is not a whole number from ${least} to ${most}`;
  const read = (text: unknown) => (typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);
  return z.preprocess(read, z.int(outside).min(least, outside).max(most, outside));
}
