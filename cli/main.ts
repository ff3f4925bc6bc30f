#!/usr/bin/env node
// Old Node cannot parse the program, so this file uses nothing that it does not know.
const major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  process.stderr.write(`carbon needs Node 24 or newer; this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { keepCompiled } = await import('../shared/runtime/compile-cache.ts');
  keepCompiled(process.env);
  const { runCarbon } = await import('./run.ts');
  await runCarbon();
}
