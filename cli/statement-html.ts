import type { Statement } from '../shared/statement/statement.ts';
import { type StatementPart, statementLine, statementParts, statementTitle } from './statement-text.ts';

/** Readable on a screen, and on A4 paper: browsers make a PDF of it by printing. */
const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 1.8rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #d0d7de; }
td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; } .facts { color: #57606a; overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 16mm; }
@media print { body { font-size: 10pt; max-width: none; margin: 0; padding: 0; } h2 { break-after: avoid; } tr, li { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** A statement as one HTML page without scripts or other files, with the statement itself as JSON in it. */
export function statementHtml(statement: Statement): string {
  const title = escaped(statementTitle(statement));
  // The only text that would end the element is escaped, and JSON reads it as the same.
  const data = JSON.stringify(statement).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>
<body>
<h1>${title}</h1>
<p class="facts">${escaped(statementLine(statement))}</p>
${statementParts(statement).map(section).join('\n')}
<script type="application/json" id="statement">${data}</script>
</body>
</html>
`;
}

function section({ title, header, rows }: StatementPart): string {
  const heading = `<h2>${escaped(title)}</h2>`;
  if (header === undefined)
    return `${heading}<ul>${rows.map(([text = '']) => `<li>${escaped(text)}</li>`).join('')}</ul>`;
  const head = header.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const lines = rows.map((row) => `<tr>${row.map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`);
  return `${heading}<table><thead><tr>${head}</tr></thead><tbody>${lines.join('\n')}</tbody></table>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
