import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPage, settled } from './chromium.ts';

// usage: node test/browser/screenshots.ts URL: pictures of every view of a running demo for README and docs.
const [url = 'http://127.0.0.1:5001'] = process.argv.slice(2);
const FOLDER = join(import.meta.dirname, '../../docs/images');
const VIEWS = {
  now: '',
  time: '?view=time&zone=US-NW-BPAT&window=3d&scale=zone',
  emissions: '?view=emissions&window=7d&by=workload',
  scheduling: '?view=scheduling&window=30d',
  sites: '?view=sites&site=simulated-berlin',
};

mkdirSync(FOLDER, { recursive: true });
await using open = await openPage({ width: 1200, height: 800 });
for (const [name, path] of Object.entries(VIEWS)) {
  await open.page.goto(`${url}/${path}`);
  await settled(open.page);
  await open.page.waitForTimeout(500);
  await open.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
