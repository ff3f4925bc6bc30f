import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDashboard, serveDashboard } from '../../../../extender/api/dashboard/files.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';

const dashboard = readDashboard();

/** Paths below the versioned folder that a view's page preloads. */
function preloads(view: string): string[] {
  const html = dashboard.pages.get(view)?.plain.toString('utf8') ?? '';
  return [...html.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, path = '']) =>
    path.replace(dashboard.base, ''),
  );
}

describe('readDashboard', () => {
  it('lets the page of a view request at once what that view needs, and nothing that does not exist', () => {
    expect([...dashboard.pages.keys()].sort()).toContain('now');
    for (const view of ['now', 'time', 'emissions', 'scheduling', 'sites'])
      for (const path of preloads(view)) expect([...dashboard.files.keys()]).toContain(dashboard.base + path);

    expect(preloads('now')).toContain('views/now.js');
    expect(preloads('now').filter((path) => /^views\/|uplot/.test(path))).toEqual([
      'views/now.js',
      'views/unpriced-nodes.js',
    ]);
    expect(preloads('time')).toEqual(
      expect.arrayContaining(['app.js', 'views/time.js', 'views/intensity-chart.js', 'charts/chart.js', 'uplot.js']),
    );
    // Its rows do not wait for the library that draws the chart.
    expect(preloads('emissions')).not.toContain('uplot.js');
  });

  it('preloads exactly what the modules of a view import, those of comments not', () => {
    for (const view of dashboard.pages.keys()) {
      const wanted = new Set(['app.js', `views/${view}.js`]);
      for (const path of wanted) {
        const code = dashboard.files.get(dashboard.base + path)?.plain.toString('utf8') ?? '';
        for (const line of code.split('\n'))
          if (line.startsWith('import ')) {
            const imported = /'(.+)'/.exec(line)?.[1] ?? '';
            wanted.add(new URL(imported, `http://host/${path}`).pathname.slice(1));
          }
      }

      expect(preloads(view).sort()).toEqual([...wanted].sort());
    }
  });

  it('names every file of the page below a folder of its version', () => {
    const html = dashboard.pages.get('now')?.plain.toString('utf8') ?? '';
    const paths = [...html.matchAll(/(?:href|src)="(\/dashboard\/[^"]*)"/g)].map(([, path = '']) => path);

    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !dashboard.files.has(path) || !path.startsWith(dashboard.base))).toEqual([]);
    expect(readDashboard().base).toBe(dashboard.base);
  });
});

describe('serveDashboard', () => {
  let url: string;
  let server: Awaited<ReturnType<typeof listen>>;
  beforeAll(async () => {
    server = await listen(express().use(serveDashboard(dashboard)), { host: '127.0.0.1', port: 0 });
    url = `http://127.0.0.1:${server.port}`;
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const get = (path: string) => fetch(url + path);

  it('lets a browser keep the files of a version, and check the page and every other path each time', async () => {
    const caching = async (path: string) => (await get(path)).headers.get('Cache-Control');

    expect(await caching(`${dashboard.base}app.js`)).toBe('private, max-age=31536000, immutable');
    expect(await caching(`${dashboard.base}views/now.js`)).toBe('private, max-age=31536000, immutable');
    for (const path of ['/', '/dashboard/', '/dashboard/index.html', '/?view=time', '/dashboard/app.js'])
      expect([path, await caching(path)]).toEqual([path, 'no-cache']);
  });

  it('serves the page of the view that the URL selects, and that of Now for any other', async () => {
    const page = async (query: string) => (await get(`/${query}`)).text();
    const now = await page('');

    expect(now).toContain(`${dashboard.base}views/now.js`);
    expect(await page('?view=time')).toContain(`${dashboard.base}views/time.js`);
    for (const query of ['?view=', '?view=nothing', '?view=constructor', '?view=time&view=sites'])
      expect(await page(query)).toBe(now);
  });

  it('has no file of another version, and passes on what it does not have', async () => {
    expect((await get('/dashboard/00000000/app.js')).status).toBe(404);
    expect((await get('/dashboard/responses.ts')).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  it('answers 304 where the browser has the page already', async () => {
    const first = await get('/?view=sites');
    const again = await fetch(`${url}/?view=sites`, { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } });

    expect(again.status).toBe(304);
  });
});
