import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';

/** One file of the dashboard as it goes over the wire. */
export interface DashboardFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
  /** Changes with the content. */
  readonly etag: string;
}

/** Nothing inline, nothing from elsewhere: names that workloads chose cannot become code even where escaping failed. */
export const DASHBOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FOLDER = join(import.meta.dirname, '../../dashboard');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Every file of the page by its path: those in extender/dashboard, and the chart library from its package. */
export function dashboardFiles(): ReadonlyMap<string, DashboardFile> {
  const files = new Map<string, DashboardFile>();
  for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || TYPES[extname(entry.name)] === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/dashboard/${path.slice(FOLDER.length + 1).replaceAll('\\', '/')}`, fileOf(path));
  }
  const require = createRequire(import.meta.url);
  files.set('/dashboard/uplot.js', fileOf(require.resolve('uplot/dist/uPlot.esm.js')));
  files.set('/dashboard/uplot.css', fileOf(require.resolve('uplot/dist/uPlot.min.css')));
  const modules = [...files.keys()].filter((path) => path.endsWith('.js')).sort();
  const index = fileWith(withPreloads(readFileSync(join(FOLDER, 'index.html'), 'utf8'), modules), '.html');
  for (const path of ['/', '/dashboard/', '/dashboard/index.html']) files.set(path, index);
  return files;
}

/** Every module is requested at once: else the browser finds each level of imports only after the one above has arrived. */
function withPreloads(html: string, modules: readonly string[]): string {
  const links = modules.map((path) => `<link rel="modulepreload" href="${path}">`).join('\n');
  return html.replace('</head>', () => `${links}\n</head>`);
}

/** Answers GET and HEAD of the dashboard's files, without a token; everything else goes on. */
export function serveDashboard(files: ReadonlyMap<string, DashboardFile> = dashboardFiles()): RequestHandler {
  return (request, response, next) => {
    const file = request.method === 'GET' || request.method === 'HEAD' ? files.get(request.path) : undefined;
    if (file === undefined) return next();
    response.locals.route = '/dashboard';
    response.setHeader('Content-Security-Policy', DASHBOARD_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('ETag', file.etag);
    response.setHeader('Vary', 'Accept-Encoding');
    if (request.headers['if-none-match'] === file.etag) return void response.status(304).end();
    const zipped = request.acceptsEncodings('gzip') === 'gzip';
    if (zipped) response.setHeader('Content-Encoding', 'gzip');
    const body = zipped ? file.zipped : file.plain;
    response.setHeader('Content-Type', file.type);
    response.setHeader('Content-Length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

function fileOf(path: string): DashboardFile {
  return fileWith(readFileSync(path), extname(path));
}

function fileWith(content: Buffer | string, extension: string): DashboardFile {
  const plain = Buffer.from(content);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extension] ?? 'text/plain', plain, zipped: gzipSync(plain, { level: 9 }), etag };
}
