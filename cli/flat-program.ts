import { Command, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { Environment } from '../shared/runtime/config.ts';
import { runCalculate } from './calculate.ts';
import { cliError } from './errors.ts';
import { calculationText } from './flat-text.ts';
import { examples } from './help.ts';
import { type Io, processIo } from './io.ts';
import { runReport } from './report.ts';
import { runServicesList } from './services.ts';
import { withDataFolder } from './settings.ts';

interface FlatOptions {
  readonly service?: string;
  readonly region?: string;
  readonly requests?: string;
  readonly from?: string;
  readonly to?: string;
  readonly save: boolean;
  readonly report?: boolean;
  readonly period: string;
  readonly format?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** The `co2e-calculator` program: calculation, report and list of services as options of one command. */
export function flatProgram(env: Environment, io: Io = processIo): Command {
  return new Command('co2e-calculator')
    .description('Calculate and report the emissions of requests to a service')
    .version(packageJson.version)
    .option('--service <name>', 'service, as in --list')
    .option('--region <region>', 'cloud region (us-east-1, aws/eu-west-1) or grid zone (DE)')
    .option('--requests <number>', 'number of requests, a whole number above 0')
    .option('--from <time>', 'start, in UTC; default: the last 24 full hours')
    .option('--to <time>', 'end, in UTC, excluded')
    .option('--no-save', 'do not keep the result for reports')
    .addOption(new Option('--save', 'keep the result for reports: the default').default(true).hideHelp())
    .option('--report', 'report on saved results')
    .option('--period <period>', 'of the report: last-24h, last-7d, last-30d or FROM..TO', 'last-7d')
    .option('--format <format>', 'of the report: text, table, json, csv, markdown')
    .option('--list', 'list the services')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Results are saved in DATA_DIR (default: ./data) or the configured database, and --report reads them.\n${examples(
        'co2e-calculator --service q2q-ai --region us-east-1 --requests 100000',
        'co2e-calculator --report --period last-30d',
        'co2e-calculator --list',
      )}`,
    )
    .action((options: FlatOptions) => run(options, env, io));
}

async function run(options: FlatOptions, env: Environment, io: Io): Promise<void> {
  if (options.list) return runServicesList(options, env, io);
  const { service, region, requests } = options;
  if (options.report) {
    const format = options.format ?? (options.json ? 'json' : 'text');
    return runReport({ ...options, format }, env, io);
  }
  if (service !== undefined && region !== undefined && requests !== undefined)
    return runCalculate({ ...options, service, region, requests, text: calculationText }, withDataFolder(env), io);
  const missing = Object.entries({ service, region, requests }).filter(([, value]) => value === undefined);
  throw cliError('OPTIONS_MISSING', {
    reason: `missing: ${missing.map(([name]) => `--${name}`).join(', ')}`,
    hint: 'pass --service, --region and --requests, or --report, or --list',
  });
}
