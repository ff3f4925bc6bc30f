#!/usr/bin/env node
import { loadConfig, redacted } from '../shared/runtime/config.ts';
import { fail, runUntilSignal } from '../shared/runtime/lifecycle.ts';
import { startApiThread } from './api/api-thread.ts';
import { extenderConfigSchema } from './config.ts';
import { watchdogOnce } from './deferral/start.ts';
import { startExtender } from './extender.ts';

try {
  const config = loadConfig('extender', extenderConfigSchema, process.env);
  if (process.argv.includes('--check-config')) {
    process.stdout.write(`${JSON.stringify(redacted(extenderConfigSchema, config), null, 2)}\n`);
  } else if (process.argv.includes('--watchdog')) {
    await watchdogOnce(process.env);
  } else {
    await runUntilSignal(() => startExtender(config, { startApi: startApiThread }));
  }
} catch (error) {
  fail(error);
}
