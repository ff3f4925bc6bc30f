import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../laws/sources.ts';

/**
 * Makes a checkout as document 002 describes it, with our programs in the place of its scripts, and `bin/ts-node`, which
 * is this Node. Returns the checkout's folder and the PATH that finds the programs.
 */
export function makeCheckout(folder: string): { checkout: string; path: string } {
  const checkout = join(folder, 'checkout');
  const calculator = `import ${JSON.stringify(join(ROOT, 'cli/co2e-calculator.ts'))};\n`;
  write(join(folder, 'bin/ts-node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  write(join(checkout, 'package.json'), '{"type":"module"}');
  write(join(checkout, 'scripts/finops/co2e-calculator.ts'), calculator);
  const poller = join(ROOT, 'poller/main.ts');
  write(join(checkout, 'scripts/finops/co2e-ingest.sh'), `#!/bin/sh\nexec ${process.execPath} ${poller} --once\n`);
  return { checkout, path: `${join(folder, 'bin')}:${process.env.PATH}` };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}
