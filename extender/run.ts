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

/** Runs the extender with settings and the arguments after the program's name, and sets the exit code of the process. */
export async function runExtender(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  let config: ExtenderConfig | undefined;
  try {
    const warnings = extenderWarnings(environment);
    const dependencies = { startApi: superviseApiThread, startHeartbeat, warnings };
    const mode = chosenMode(EXTENDER_COMMAND_LINE, args);
    if (mode !== 'help' && mode !== 'watchdog') config = loadConfig('extender', extenderConfigSchema, environment);
    if (mode === 'watchdog') await watchdogOnce(environment);
    else if (config === undefined) process.stdout.write(helpPage(EXTENDER_COMMAND_LINE));
    else if (mode === 'check-config') process.stdout.write(await checkedSettings(config));
    else await runUntilSignal(startExtender.bind(undefined, config, dependencies));
  } catch (error) {
    fail(error, config);
  }
}
