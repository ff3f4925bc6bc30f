import { z } from 'zod';
import { MAX_INTENSITY } from '../grid/intensity.ts';
import type { Environment, ImpliedValue } from './config.ts';
import { LOG_LEVELS } from './logger.ts';

/** Settings that every process of the project has. */
export const processSettings = {
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('Log level; WARN and ERROR need attention and carry a code of docs/errors.md'),
};

/** Where the carbon cache file is. */
export const cacheSettings = {
  CACHE_FILE: z
    .string()
    .default('/cache/carbon_cache.json')
    .describe('The carbon cache file on the volume that poller and extender share'),
  MAX_INTENSITY: z.coerce
    .number({ error: 'is not a number above 0' })
    .positive('is not a number above 0')
    .default(MAX_INTENSITY)
    .describe('Largest plausible carbon intensity in gCO2eq/kWh; values above it are dropped, counted and logged'),
};

const connectionString = () =>
  z
    .string()
    .refine(
      (text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''),
      'is not a connection string such as postgresql://user:password@host:5432/database',
    )
    .optional();

/** A database that is named is used unless MODE says `local`; `db` with an *empty* TSDB_DSN runs on the embedded store, as in a dry run of a deployment. */
function impliedMode(env: Environment): ImpliedValue | undefined {
  const given = (name: string) => env[name]?.trim() || env[`${name}_FILE`]?.trim();
  const hasDatabase = Boolean(given('TSDB_DSN') || given('DATABASE_URL'));
  const mode = env.MODE?.trim();
  if (!mode) return hasDatabase ? { value: 'db' } : undefined;
  const isEmpty = env.TSDB_DSN !== undefined || env.DATABASE_URL !== undefined;
  return mode === 'db' && !hasDatabase && isEmpty ? { value: 'local', warning: 'STORE_EMBEDDED' } : undefined;
}

/** The MODE that an environment means, as far as it can be said before it is validated. */
export function storeMode(env: Environment): string {
  return impliedMode(env)?.value ?? (env.MODE?.trim() || 'local');
}

/** Where the history is kept. */
export const storeSettings = {
  MODE: z.enum(['local', 'db']).default('local').meta({
    implied: impliedMode,
    description:
      '`local`: one SQLite file under DATA_DIR; `db`: PostgreSQL or TimescaleDB at TSDB_DSN. By default `db` where TSDB_DSN or DATABASE_URL is given',
  }),
  DATA_DIR: z.string().default('/data').describe('Folder of the embedded store and of the spool'),
  TSDB_DSN: connectionString().meta({ secret: true, description: 'PostgreSQL connection string, for MODE=db' }),
  DATABASE_URL: connectionString().meta({ secret: true, description: 'Another name for TSDB_DSN' }),
};

/** Reports issues of {@link storeSettings} that show only when several are seen together. */
export function checkStoreSettings(config: StoreConfig, context: z.RefinementCtx): void {
  if (config.MODE !== 'db' || config.TSDB_DSN !== undefined || config.DATABASE_URL !== undefined) return;
  const message = 'is missing; MODE=db needs a PostgreSQL connection string';
  context.addIssue({ code: 'custom', path: ['TSDB_DSN'], message });
}

/** The values of {@link storeSettings}. */
export type StoreConfig = z.output<z.ZodObject<typeof storeSettings>>;
