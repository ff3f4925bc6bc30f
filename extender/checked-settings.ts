import { redacted } from '../shared/runtime/config.ts';
import { contractsOf } from '../shared/runtime/contracts-file.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { type ExtenderConfig, extenderConfigSchema } from './config.ts';
import { checkTlsFiles, tlsFiles } from './webhook/tls.ts';

/**
 * The settings as `--check-config` prints them, secrets hidden, once the files that a start loads have been loaded. Throws
 * what the start would throw when one cannot be used.
 */
export async function checkedSettings(config: ExtenderConfig): Promise<string> {
  const tls = tlsFiles(config);
  if (tls !== undefined) await checkTlsFiles(tls);
  knownProfiles(config.SERVICES_FILE);
  contractsOf(config.CONTRACTS_FILE);
  return `${JSON.stringify(redacted(extenderConfigSchema, config), null, 2)}\n`;
}
