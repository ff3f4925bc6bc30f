#!/usr/bin/env node
import { loadConfig, redacted } from '../shared/runtime/config.ts';
import { fail, runUntilSignal } from '../shared/runtime/lifecycle.ts';
import { pollerConfigSchema } from './config.ts';
import { pollOnceAndExit } from './once.ts';
import { startPoller } from './poller.ts';

try {
  const config = loadConfig('poller', pollerConfigSchema, process.env);
  if (process.argv.includes('--check-config')) {
    process.stdout.write(`${JSON.stringify(redacted(pollerConfigSchema, config), null, 2)}\n`);
  } else if (process.argv.includes('--once')) {
    process.exitCode = await pollOnceAndExit(config);
  } else {
    await runUntilSignal(() => startPoller(config));
  }
} catch (error) {
  fail(error);
}
