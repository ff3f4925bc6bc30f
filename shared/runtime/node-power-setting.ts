import { dirname, join } from 'node:path';
import { z } from 'zod';

/** Where the measured power of nodes is handed from the poller to the extender. */
export const nodePowerSettings = {
  NODE_POWER_FILE: z
    .string()
    .optional()
    .describe('File with the measured power of nodes; by default `node_power.json` beside CACHE_FILE'),
};

/** The file with the measured power of nodes. */
export function nodePowerFile({
  NODE_POWER_FILE,
  CACHE_FILE,
}: {
  readonly NODE_POWER_FILE?: string | undefined;
  readonly CACHE_FILE: string;
}): string {
  return NODE_POWER_FILE ?? join(dirname(CACHE_FILE), 'node_power.json');
}
