import { describe, expect, it } from 'vitest';
import { dashboardFiles } from '../../../../extender/api/dashboard/files.ts';

describe('dashboardFiles', () => {
  it('lets the page request every module at once, and none that does not exist', () => {
    const files = dashboardFiles();

    const html = files.get('/')?.plain.toString('utf8') ?? '';
    const preloaded = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, path = '']) => path);
    const modules = [...files.keys()].filter((path) => path.endsWith('.js'));

    expect(modules.length).toBeGreaterThan(25);
    expect(preloaded).toEqual(modules.sort());
    expect(html.indexOf('modulepreload')).toBeLessThan(html.indexOf('</head>'));
  });

  it('has one content under every path of the page, with its own tag', () => {
    const files = dashboardFiles();

    const [page, ...others] = ['/', '/dashboard/', '/dashboard/index.html'].map((path) => files.get(path));

    for (const other of others) expect(other).toBe(page);
    expect(files.get('/dashboard/app.js')?.etag).not.toBe(page?.etag);
  });
});
