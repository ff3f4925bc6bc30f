#!/usr/bin/env node
import { runProgram } from '../shared/runtime/program.ts';
import { startApiThread } from './api/api-thread.ts';
import { type ExtenderConfig, extenderConfigSchema, watchdogConfigSchema } from './config.ts';
import { watchdogOnce } from './deferral/start.ts';
import { startExtender } from './extender.ts';

const watchdog = {
  tells: 'open every scheduling gate whose deadline has passed, once, and exit',
  settings: watchdogConfigSchema,
  run: () => watchdogOnce(process.env),
};
const errands = { '--watchdog': watchdog };
const start = (config: ExtenderConfig) => startExtender(config, { startApi: startApiThread });

await runProgram(
  { name: 'extender', settings: extenderConfigSchema, errands, start },
  process.argv.slice(2),
  process.env,
);
