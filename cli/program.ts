import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { Environment } from '../shared/runtime/config.ts';
import { demoCommand } from './demo.ts';
import { readingsCommand } from './readings.ts';
import { simulatedKeplerCommand } from './simulated-kepler.ts';
import { upCommand } from './up.ts';

/** The `carbon` program with all its commands. */
export function carbonProgram(env: Environment): Command {
  return new Command('carbon')
    .description('Runs, asks and reports on carbon-aware Kubernetes scheduling.')
    .version(packageJson.version)
    .showHelpAfterError()
    .addCommand(upCommand(env))
    .addCommand(demoCommand(env))
    .addCommand(readingsCommand(env))
    .addCommand(simulatedKeplerCommand());
}
