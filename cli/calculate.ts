import { Command } from 'commander';
import type { EmissionsResult } from '../shared/calculator/calculate.ts';
import { workloadOf } from '../shared/calculator/workload.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { type CalculationOptions, calculationOf } from './calculation.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { resultText } from './result-text.ts';
import { cliConfig } from './settings.ts';
import { withHistory, withWorkloads } from './stores.ts';

/** The options of `carbon calculate`, as written. */
export interface CalculateOptions extends CalculationOptions {
  readonly services?: string;
  readonly save?: boolean;
  readonly json?: boolean;
  /** How to print the result; default: {@link resultText}. */
  readonly text?: (result: EmissionsResult, io: Io) => string;
}

/** `carbon calculate`: energy and emissions of requests to a service. */
export function calculateCommand(env: Environment, io: Io): Command {
  return new Command('calculate')
    .description('Calculate energy and emissions of requests to a service in a region')
    .requiredOption('--service <name>', 'service, as in "carbon services list"')
    .requiredOption('--region <region>', 'cloud region (us-east-1, aws/eu-west-1) or grid zone (DE)')
    .requiredOption('--requests <number>', 'number of requests, a whole number above 0')
    .option('--from <time>', 'start, in UTC; default: the last 24 full hours')
    .option('--to <time>', 'end, in UTC, excluded')
    .option('--usage <file>', 'CSV with hour,requests to weight the intensity by')
    .option('--selector <namespace/name>', 'containers by whose recorded energy to weight the intensity')
    .option('--intensity <gCO2/kWh>', 'use this intensity instead of the recorded ones')
    .option('--yearly-average', 'use the yearly average for a period without history')
    .option('--services <file>', 'YAML or JSON file of energy profiles (SERVICES_FILE)')
    .option('--pue <number|auto>', 'power usage effectiveness; auto: fleet average of the cloud provider')
    .option('--sci', 'add the Software Carbon Intensity (ISO/IEC 21031): (E x I + M) per request')
    .option('--embodied-grams <g>', 'embodied emissions M of all requests in gCO2e, for --sci')
    .option('--save', 'save the result for reports; saving it again replaces it')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action((options: CalculateOptions) => runCalculate(options, env, io));
}

const HELP = examples(
  'carbon calculate --service q2q-ai --region us-east-1 --requests 100000',
  'carbon calculate --service reporting --region aws/eu-west-1 --requests 5000 --from 2026-11-01 --to 2026-11-08 --save',
  'carbon calculate --service api-gateway --region DE --requests 1000000 --usage requests.csv --pue 1.2 --sci --json',
);

/** Calculates emissions, saves them with `--save`, and prints them. */
export async function runCalculate(options: CalculateOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const profiles = knownProfiles(options.services ?? config.SERVICES_FILE);
  const now = io.clock.now();
  const result = await withHistory(config, (history) => calculationOf(options, { profiles, history, env, now }));
  const text = options.text ?? resultText;
  io.out(options.json ? `${JSON.stringify(result, null, 2)}\n` : text(result, io));
  if (!options.save) return;
  // Printed first, so that a store that cannot be written does not cost the result.
  await withWorkloads(config, (store) => store.saveWorkloads([workloadOf(result)]));
  io.note('Saved. Saving the same service, region and period again replaces it.');
}
