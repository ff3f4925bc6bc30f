import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Environment, httpUrl, loadConfig } from '../shared/runtime/config.ts';
import { contractSettings } from '../shared/runtime/contracts-file.ts';
import { facilitySettings } from '../shared/runtime/facility-settings.ts';
import { makeFolderSync } from '../shared/runtime/folders.ts';
import { priceSettings } from '../shared/runtime/price-settings.ts';
import { cacheSettings, checkStoreSettings, storeMode, storeSettings } from '../shared/runtime/settings.ts';
import { serviceSettings, zoneSettings } from '../shared/runtime/zone-settings.ts';
import { apiSettings } from './api-client.ts';
import { cliError } from './errors.ts';

/** Settings of the reporting commands. */
export const cliConfigSchema = z
  .object({
    ...storeSettings,
    ...cacheSettings,
    ...zoneSettings,
    ...serviceSettings,
    ...priceSettings,
    ...facilitySettings,
    ...contractSettings,
    ...apiSettings,
    PROMETHEUS_URL: httpUrl()
      .optional()
      .describe('Address of the Prometheus that `carbon services measure --prometheus` queries'),
  })
  .superRefine(checkStoreSettings);

/** Validated settings of the reporting commands. */
export type CliConfig = z.output<typeof cliConfigSchema>;

/** Settings from the environment; without DATA_DIR and CACHE_FILE, those of `carbon up` in ./data if that directory exists. */
export function cliConfig(env: Environment): CliConfig {
  const local = resolve('data');
  const folder = env.DATA_DIR?.trim() || (existsSync(local) ? local : undefined);
  const beside = folder === undefined ? undefined : join(folder, 'carbon_cache.json');
  if (folder !== undefined && storeMode(env) !== 'db' && !existsSync(folder))
    throw cliError('DATA_DIR_MISSING', { folder });
  const cache = env.CACHE_FILE?.trim() || (beside && existsSync(beside) ? beside : undefined);
  return loadConfig('carbon', cliConfigSchema, { ...env, DATA_DIR: folder, CACHE_FILE: cache });
}

/** The environment of a program that saves on its own: without DATA_DIR, results go to ./data, which is created. */
export function withDataFolder(env: Environment): Environment {
  if (env.DATA_DIR?.trim() || storeMode(env) === 'db') return env;
  const folder = resolve('data');
  makeFolderSync(folder);
  return { ...env, DATA_DIR: folder };
}
