import { redacted } from '../shared/runtime/config.ts';
import { outboundDispatcher } from '../shared/runtime/outbound.ts';
import { type PollerConfig, pollerConfigSchema } from './config.ts';
import { loadTrace } from './grid/providers/replay.ts';
import { checkReadings } from './readings/start.ts';

/**
 * The settings as `--check-config` prints them, secrets hidden, once the files that a start loads have been loaded. Throws
 * what the start would throw when one cannot be used.
 */
export function checkedSettings(config: PollerConfig): string {
  outboundDispatcher(config);
  if (config.REPLAY_TRACE !== undefined) loadTrace(config.REPLAY_TRACE);
  checkReadings(config);
  return `${JSON.stringify(redacted(pollerConfigSchema, config), null, 2)}\n`;
}
