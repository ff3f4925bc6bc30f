import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ElectricityMapsDouble } from '../doubles/electricity-maps.ts';
import type { KeplerDouble, KeplerMode } from '../doubles/kepler.ts';
import type { PostgresServer } from '../servers/postgres-cluster.ts';
import type { RedisServer } from '../servers/redis.ts';

/** Room for the spool. */
const DISK_MB = 4;

/** What a fault may reach, and how long it lasts in minutes of the accelerated clock. */
export interface World {
  readonly clock: Clock;
  readonly kepler: KeplerDouble;
  readonly grid: ElectricityMapsDouble;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly cacheFile: string;
}

/** Faults by the minute in which they begin; each ends before the next of its own kind. */
const FAULTS: readonly (readonly [minute: number, fault: (world: World) => Promise<void>])[] = [
  [2, keplerFault('html')],
  [3, gridFault('error-500')],
  [4, postgresFault],
  [6, redisFault],
  [7, keplerFault('truncated')],
  [8, cacheFileFault],
  [9, diskFault],
  [12, keplerFault('cut-connection')],
  [13, gridFault('html-502')],
  [14, redisFault],
  [15, postgresFault],
  [17, keplerFault('error')],
  [18, cacheFileFault],
  [19, gridFault('too-many')],
  [20, diskFault],
  [23, redisFault],
  [24, keplerFault('unknown-metrics')],
];

/** Injects each of the faults at its minute and rejects with the first that could not be injected or ended. */
export async function injectFaults(world: World, end: number): Promise<void> {
  const begin = world.clock.now();
  const until = (time: number) => world.clock.sleep(Math.max(0, time - world.clock.now()));
  const faults = FAULTS.map(async ([minute, fault]) => {
    await until(begin + minute * 60_000);
    await fault(world).catch((cause: unknown) => {
      throw new Error(`the fault of minute ${minute} failed: ${(cause as Error).message}`, { cause });
    });
  });
  await Promise.all([...faults, until(end)]);
}

function keplerFault(mode: KeplerMode) {
  return async ({ kepler, clock }: World) => {
    kepler.mode = mode;
    await clock.sleep(90_000);
    kepler.mode = 'ok';
  };
}

function gridFault(fault: Parameters<ElectricityMapsDouble['faults']['set']>[1]) {
  return async ({ grid, clock }: World) => {
    grid.faults.set('*', fault);
    await clock.sleep(120_000);
    grid.faults.clear();
  };
}

async function postgresFault({ postgres, clock }: World): Promise<void> {
  await postgres.kill();
  await clock.sleep(60_000);
  await postgres.start();
}

async function redisFault({ redis, clock }: World): Promise<void> {
  await redis.kill();
  await clock.sleep(30_000);
  await redis.start();
}

/** Another program leaves nonsense in place of the cache file, and then a folder of its name. */
async function cacheFileFault({ cacheFile, clock }: World): Promise<void> {
  rmSync(cacheFile, { force: true });
  writeFileSync(cacheFile, '{"half": ');
  await clock.sleep(30_000);
  rmSync(cacheFile, { force: true });
  mkdirSync(cacheFile, { recursive: true });
  await clock.sleep(70_000);
  rmSync(cacheFile, { recursive: true, force: true });
}

/** The disk is full while the database is away: neither takes a sample, and the next scrape gives the energy of all. */
async function diskFault({ postgres, folder, clock }: World): Promise<void> {
  await postgres.kill();
  await clock.sleep(15_000);
  const filler = join(folder, 'data', 'filler');
  for (let megabytes = 0; megabytes < DISK_MB; megabytes += 1) {
    try {
      appendFileSync(filler, Buffer.alloc(1_048_576));
    } catch {
      break;
    }
  }
  await clock.sleep(90_000);
  rmSync(filler, { force: true });
  await postgres.start();
}

/** A small disk of its own for the spool, where that is allowed; else a folder, and disks are never full. */
export function smallDisk(path: string): Disposable {
  mkdirSync(path);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', path], { stdio: 'ignore' });
  if (status !== 0) console.warn('no small disk could be mounted: the disk is not filled');
  return { [Symbol.dispose]: () => void (status === 0 && spawnSync('umount', ['-l', path], { stdio: 'ignore' })) };
}
