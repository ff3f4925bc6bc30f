/** Longest wait that a provider can request, in milliseconds. */
const LONGEST_MS = 15 * 60_000;

/** Reads a Retry-After header (RFC 9110 §10.2.3: seconds or an HTTP date) as milliseconds from now; undefined when absent or unusable. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  // Date.parse takes "-5" for a year; an HTTP date starts with the name of a day.
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : /^[A-Z]/i.test(text) ? Date.parse(text) - now : Number.NaN;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(ms, 0), LONGEST_MS);
}
