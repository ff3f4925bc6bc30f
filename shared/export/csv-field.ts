/** A number as JavaScript writes it, which a spreadsheet does not run. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]\d+)?$/;

/** A field as RFC 4180 has it. A leading sign that a spreadsheet would run as a formula is kept from it by a quote; numbers stay numbers. */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
