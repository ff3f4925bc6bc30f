#!/usr/bin/env node
// Old Node cannot parse the program, so this file uses nothing that it does not know.
const major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  process.stderr.write(`co2e-calculator needs Node 24 or newer; this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { runCalculator } = await import('./run.ts');
  await runCalculator();
}
