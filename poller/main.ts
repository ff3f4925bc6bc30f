#!/usr/bin/env node
import { keepCompiled } from '../shared/runtime/compile-cache.ts';

keepCompiled(process.env);
const { runPoller } = await import('./run.ts');
await runPoller(process.env, process.argv.slice(2));
