/** A field as RFC 4180 has it. A leading sign that a spreadsheet would run as a formula is kept from it by a quote. */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
