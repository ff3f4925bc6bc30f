import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

// Node strips types only outside node_modules: what is installed as a dependency has to be JavaScript. So `npm pack`
// makes dist/, and nothing else uses it: a checkout and the images run the sources.
const ROOT = import.meta.dirname;
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const folder of ['poller', 'extender', 'shared', 'cli'])
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !entry.name.endsWith('.ts')) {
      const from = join(entry.parentPath, entry.name);
      cpSync(from, join(DIST, relative(ROOT, from)));
    }
