/** @typedef {string | number | null | undefined} Cell */

/**
 * CSV of RFC 4180. A cell that a spreadsheet would read as a formula is prefixed with an apostrophe.
 * @param {string[]} columns
 * @param {Cell[][]} rows
 */
export function csvText(columns, rows) {
  return [columns, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
}

/** @param {Cell} value */
function cellText(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Saves a text as a file in the browser.
 * @param {string} fileName
 * @param {string} text
 * @param {string} type media type
 */
export function saveFile(fileName, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
