import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { Environment } from '../shared/runtime/config.ts';
import { budgetCommand } from './budget.ts';
import { calculateCommand } from './calculate.ts';
import { demoCommand } from './demo.ts';
import { emissionsCommand } from './emissions.ts';
import { explainCommand } from './explain.ts';
import { exportCommand } from './export.ts';
import { examples } from './help.ts';
import { type Io, processIo } from './io.ts';
import { powerCommand } from './power.ts';
import { readingsCommand } from './readings.ts';
import { reportCommand } from './report.ts';
import { savingsCommand } from './savings.ts';
import { servicesCommand } from './services.ts';
import { simulateCommand } from './simulate.ts';
import { simulatedKeplerCommand } from './simulated-kepler.ts';
import { statementCommand } from './statement.ts';
import { upCommand } from './up.ts';
import { windowsCommand } from './windows.ts';
import { workloadsCommand } from './workloads.ts';
import { zonesCommand } from './zones.ts';

/** The `carbon` program with all its commands. */
export function carbonProgram(env: Environment, io: Io = processIo): Command {
  const program = new Command('carbon')
    .description('Run, query and report on carbon-aware Kubernetes scheduling')
    .version(packageJson.version)
    .enablePositionalOptions()
    .addCommand(upCommand(env))
    .addCommand(demoCommand(env))
    .addCommand(simulatedKeplerCommand())
    .addCommand(calculateCommand(env, io))
    .addCommand(emissionsCommand(env, io))
    .addCommand(exportCommand(env, io))
    .addCommand(reportCommand(env, io))
    .addCommand(budgetCommand(env, io))
    .addCommand(servicesCommand(env, io))
    .addCommand(workloadsCommand(env, io))
    .addCommand(powerCommand(env, io))
    .addCommand(explainCommand(io))
    .addCommand(zonesCommand(env, io))
    .addCommand(windowsCommand(env, io))
    .addCommand(simulateCommand(env, io))
    .addCommand(savingsCommand(env, io))
    .addCommand(statementCommand(env, io))
    .addCommand(readingsCommand(env))
    .addHelpText(
      'after',
      examples(
        'carbon demo',
        'carbon calculate --service q2q-ai --region us-east-1 --requests 100000',
        'carbon report --period last-30d',
        'carbon zones --yearly',
      ),
    );
  hintAtHelp(program);
  return program;
}

/** Points to --help after a wrong option, at every depth: subcommands do not inherit the setting. */
function hintAtHelp(command: Command): void {
  command.showHelpAfterError('(add --help for the options)');
  for (const one of command.commands) hintAtHelp(one);
}
