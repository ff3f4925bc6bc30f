import { contractIssues } from '../shared/emissions/contract-issues.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { redacted } from '../shared/runtime/config.ts';
import { contractsOf } from '../shared/runtime/contracts-file.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { type ExtenderConfig, extenderConfigSchema } from './config.ts';
import { checkTlsFiles, tlsFiles } from './webhook/tls.ts';

/**
 * The settings as `--check-config` prints them, secrets hidden, once the files that a start loads have been loaded. Throws
 * what the start would throw when one cannot be used. `warn` takes what a start logs a warning of, a line each.
 */
export async function checkedSettings(
  config: ExtenderConfig,
  warn: (line: string) => void = (line) => process.stderr.write(line),
): Promise<string> {
  const tls = tlsFiles(config);
  if (tls !== undefined) await checkTlsFiles(tls);
  knownProfiles(config.SERVICES_FILE);
  const contracts = contractsOf(config.CONTRACTS_FILE);
  for (const { contract, problem } of contracts ? contractIssues(contracts, systemClock.now()) : [])
    warn(`warning: contract ${contract} of CONTRACTS_FILE ${problem} [CONTRACT_WITHOUT_EFFECT]\n`);
  return `${JSON.stringify(redacted(extenderConfigSchema, config), null, 2)}\n`;
}
