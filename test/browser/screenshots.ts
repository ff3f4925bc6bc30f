import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPage, settled } from './chromium.ts';

// usage: node test/browser/screenshots.ts URL: pictures of every view of a running demo for README and docs.
const [url = 'http://127.0.0.1:5001'] = process.argv.slice(2);
const FOLDER = join(import.meta.dirname, '../../docs/images');
/** What a view shows, and how much of it is in the picture, in pixels. */
const VIEWS = {
  now: { path: '', height: 1250 },
  time: { path: '?view=time&zone=US-NW-BPAT&window=3d&scale=zone', height: 2050 },
  emissions: { path: '?view=emissions&window=7d&by=workload', height: 1300 },
  scheduling: { path: '?view=scheduling&window=30d', height: 1950 },
  sites: { path: '?view=sites&site=simulated-berlin', height: 1100 },
};

mkdirSync(FOLDER, { recursive: true });
await using open = await openPage({ width: 1200, height: 800 });
for (const [name, { path, height }] of Object.entries(VIEWS)) {
  await open.page.setViewportSize({ width: 1200, height });
  await open.page.goto(`${url}/${path}`);
  await settled(open.page);
  await open.page.waitForTimeout(500);
  await open.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
