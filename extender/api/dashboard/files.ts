import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, posix } from 'node:path';
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

/** The dashboard as one version of it: a browser keeps what it has of a version, and asks for nothing twice. */
export interface Dashboard {
  /** Files by path: under `/dashboard/`, and the same under `/dashboard/<version>/`, where they never change. */
  readonly files: ReadonlyMap<string, DashboardFile>;
  /** Start of the paths that never change, such as `/dashboard/3q2-8bW1/`. */
  readonly base: string;
  /** The page by view, with links to the modules that the view needs; the one of `now` is for every other view. */
  readonly pages: ReadonlyMap<string, DashboardFile>;
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

/** Of a module's code; not the types that comments import, nor a view that is imported when it is shown. */
const STATIC_IMPORT = /^import\s(?:[^;']*?\sfrom\s)?'(\.[^']+)'/gm;
const FOR_EVER = 'private, max-age=31536000, immutable';
const ROOT = '/dashboard/';
const PAGES = ['/', ROOT, `${ROOT}index.html`];
const FIRST_VIEW = 'now';

/** Reads the page and its files: those in extender/dashboard, and the chart library from its package. */
export function readDashboard(): Dashboard {
  const own = new Map<string, DashboardFile>();
  for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || TYPES[extname(entry.name)] === undefined || entry.name === 'index.html') continue;
    const path = join(entry.parentPath, entry.name);
    own.set(path.slice(FOLDER.length + 1).replaceAll('\\', '/'), fileOf(path));
  }
  const require = createRequire(import.meta.url);
  own.set('uplot.js', fileOf(require.resolve('uplot/dist/uPlot.esm.js')));
  own.set('uplot.css', fileOf(require.resolve('uplot/dist/uPlot.min.css')));
  const base = `${ROOT}${versionOf(own)}/`;
  const html = readFileSync(join(FOLDER, 'index.html'), 'utf8').replaceAll(`"${ROOT}`, `"${base}`);
  const pages = new Map(
    [...own.keys()].flatMap((path) => {
      const view = /^views\/(\w+)\.js$/.exec(path)?.[1];
      return view === undefined ? [] : [[view, fileWith(withPreloads(html, base, own, path), '.html')] as const];
    }),
  );
  const files = [ROOT, base].flatMap((folder) => [...own].map(([path, file]) => [folder + path, file] as const));
  return { files: new Map(files), base, pages };
}

/** Changes with the name and the content of every file. */
function versionOf(files: ReadonlyMap<string, DashboardFile>): string {
  const names = [...files].map(([path, { etag }]) => `${path} ${etag}`).sort();
  return createHash('sha256').update(names.join('\n')).digest('base64url').slice(0, 8);
}

/** All modules of a view are requested at once: else the browser finds each level of imports only after the one above. */
function withPreloads(html: string, base: string, files: ReadonlyMap<string, DashboardFile>, view: string): string {
  const modules = new Set(['app.js', view]);
  for (const path of modules)
    for (const [, imported = ''] of (files.get(path)?.plain.toString('utf8') ?? '').matchAll(STATIC_IMPORT))
      modules.add(posix.join(posix.dirname(path), imported));
  const links = [...modules].map((path) => `<link rel="modulepreload" href="${base}${path}">`).join('\n');
  return html.replace('</head>', () => `${links}\n</head>`);
}

/** Serves the dashboard to GET and HEAD, without a token; everything else goes on. */
export function serveDashboard({ files, base, pages }: Dashboard = readDashboard()): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const view = String(request.query.view);
    const file = PAGES.includes(request.path) ? (pages.get(view) ?? pages.get(FIRST_VIEW)) : files.get(request.path);
    if (file === undefined) return next();
    response.locals.route = '/dashboard';
    response.setHeader('Content-Security-Policy', DASHBOARD_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', request.path.startsWith(base) ? FOR_EVER : 'no-cache');
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
