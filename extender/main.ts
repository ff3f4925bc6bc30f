#!/usr/bin/env node
import { chosenMode, helpPage } from '../shared/runtime/command-line.ts';
import { loadConfig } from '../shared/runtime/config.ts';
import { fail, runUntilSignal } from '../shared/runtime/lifecycle.ts';
import { superviseApiThread } from './api/api-thread.ts';
import { checkedSettings } from './checked-settings.ts';
import { EXTENDER_COMMAND_LINE } from './command-line.ts';
import { type ExtenderConfig, extenderConfigSchema, extenderWarnings } from './config.ts';
import { watchdogOnce } from './deferral/start.ts';
import { startExtender } from './extender.ts';
import { startHeartbeat } from './heartbeat.ts';

let config: ExtenderConfig | undefined;
try {
  const warnings = extenderWarnings(process.env);
  const dependencies = { startApi: superviseApiThread, startHeartbeat, warnings };
  const mode = chosenMode(EXTENDER_COMMAND_LINE, process.argv.slice(2));
  if (mode !== 'help' && mode !== 'watchdog') config = loadConfig('extender', extenderConfigSchema, process.env);
  if (mode === 'watchdog') await watchdogOnce(process.env);
  else if (config === undefined) process.stdout.write(helpPage(EXTENDER_COMMAND_LINE));
  else if (mode === 'check-config') process.stdout.write(await checkedSettings(config));
  else await runUntilSignal(startExtender.bind(undefined, config, dependencies));
} catch (error) {
  fail(error, config);
}
