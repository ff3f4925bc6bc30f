import { chosenMode, helpPage } from '../shared/runtime/command-line.ts';
import { loadConfig, settingWarnings } from '../shared/runtime/config.ts';
import { fail, runUntilSignal } from '../shared/runtime/lifecycle.ts';
import { checkedSettings } from './checked-settings.ts';
import { POLLER_COMMAND_LINE } from './command-line.ts';
import { type PollerConfig, pollerConfigSchema } from './config.ts';
import { pollOnceAndExit } from './once.ts';
import { startPoller } from './poller.ts';

/** Runs the poller with settings and the arguments after the program's name, and sets the exit code of the process. */
export async function runPoller(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  let config: PollerConfig | undefined;
  try {
    const warnings = settingWarnings(pollerConfigSchema, environment);
    const mode = chosenMode(POLLER_COMMAND_LINE, args);
    if (mode !== 'help') config = loadConfig('poller', pollerConfigSchema, environment);
    if (config === undefined) process.stdout.write(helpPage(POLLER_COMMAND_LINE));
    else if (mode === 'check-config') process.stdout.write(checkedSettings(config));
    else if (mode === 'once') process.exitCode = await pollOnceAndExit(config, { warnings });
    else await runUntilSignal(startPoller.bind(undefined, config, { warnings }));
  } catch (error) {
    fail(error, config);
  }
}
