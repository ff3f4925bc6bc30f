#!/usr/bin/env node
import { keepCompiled } from '../shared/runtime/compile-cache.ts';

keepCompiled(process.env);
const { runExtender } = await import('./run.ts');
await runExtender(process.env, process.argv.slice(2));
