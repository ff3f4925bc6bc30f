#!/usr/bin/env node
import { chosenMode, helpPage } from '../shared/runtime/command-line.ts';
import { loadConfig, settingWarnings } from '../shared/runtime/config.ts';
import { fail, runUntilSignal } from '../shared/runtime/lifecycle.ts';
import { checkedSettings } from './checked-settings.ts';
import { POLLER_COMMAND_LINE } from './command-line.ts';
import { type PollerConfig, pollerConfigSchema } from './config.ts';
import { pollOnceAndExit } from './once.ts';
import { startPoller } from './poller.ts';

let config: PollerConfig | undefined;
try {
  const warnings = settingWarnings(pollerConfigSchema, process.env);
  const mode = chosenMode(POLLER_COMMAND_LINE, process.argv.slice(2));
  if (mode !== 'help') config = loadConfig('poller', pollerConfigSchema, process.env);
  if (config === undefined) process.stdout.write(helpPage(POLLER_COMMAND_LINE));
  else if (mode === 'check-config') process.stdout.write(checkedSettings(config));
  else if (mode === 'once') process.exitCode = await pollOnceAndExit(config, { warnings });
  else await runUntilSignal(startPoller.bind(undefined, config, { warnings }));
} catch (error) {
  fail(error, config);
}
