import { createHash } from 'node:crypto';
import type { DescribedOperation, OpenApiDocument, Parameter } from './document.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { border-top: 1px solid; padding-top: 1rem; margin-top: 2rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid; max-height: 24rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid; }
`;

/** Lets the page's own style through and nothing else: no scripts, no pictures, no frames, nothing from elsewhere. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A readable page of the API's description: plain HTML, without scripts and without anything from elsewhere. */
export function descriptionPage({ info, paths }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const links = operations.map(
    ({ path, method, operation }) =>
      `<li><a href="#${operation.operationId}"><code>${method} ${escaped(path)}</code></a> ${escaped(operation.summary)}</li>`,
  );
  const sections = operations.map(({ path, method, operation }) => section(path, method, operation));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)} API</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(info.title)} API ${escaped(info.version)}</h1>
<p>${escaped(info.description)} For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav aria-label="Operations"><ul>
${links.join('\n')}
</ul></nav>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function section(path: string, method: string, operation: DescribedOperation): string {
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation;
  const bodies = Object.entries(requestBody?.content ?? {});
  const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const success = Object.entries(good?.content ?? {});
  return `<section id="${operationId}">
<h2><code>${method} ${escaped(path)}</code></h2>
<p>${escaped(summary)}. ${escaped(description)}</p>
${parameters.length > 0 ? parameterTable(parameters) : ''}
${bodies.length === 0 ? '' : `<details><summary>Body (${typesOf(bodies)})</summary><pre>${json(bodies[0]?.[1].schema)}</pre></details>`}
${success.length === 0 ? '' : `<details><summary>Response (${typesOf(success)})</summary><pre>${json(success[0]?.[1].schema)}</pre></details>`}
<table><thead><tr><th>status</th><th>meaning</th></tr></thead><tbody>
${Object.entries(responses)
  .map(([status, response]) => `<tr><td>${status}</td><td>${escaped(response.description)}</td></tr>`)
  .join('\n')}
</tbody></table>
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: where, required, description = '', schema }) => {
    const fallback = schema.default === undefined ? '' : ` Default: ${String(schema.default)}.`;
    const values = Array.isArray(schema.enum) ? ` One of ${schema.enum.join(', ')}.` : '';
    return `<tr><td><code>${escaped(name)}</code></td><td>${where}${required ? ', required' : ''}</td><td>${escaped(`${description}${values}${fallback}`)}</td></tr>`;
  });
  return `<table><thead><tr><th>parameter</th><th>place</th><th>meaning</th></tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
}

function typesOf(contents: readonly (readonly [type: string, content: object])[]): string {
  return contents.map(([type]) => escaped(type)).join(', ');
}

function json(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
