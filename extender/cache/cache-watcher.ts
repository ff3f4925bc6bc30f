import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CacheState, cacheState } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { stampOf } from '../../shared/runtime/file-stamp.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { watchFolder } from './folder-watch.ts';

/** The newest state of the cache file. */
export interface CacheWatcher extends AsyncDisposable {
  /** Fresh, stale or missing as of now: freshness ends by the clock, without any change of the file. */
  state(): CacheState;
  /** Resolves when the file has been read once, whether it was there or not. */
  readonly firstRead: Promise<void>;
}

/** Which file to watch and how. */
export interface CacheWatcherOptions {
  readonly file: string;
  /** Largest intensity that is used, in gCO2eq/kWh; absent: the default of MAX_INTENSITY. */
  readonly maxIntensity?: number | undefined;
  /** Between two polls, for volumes that deliver no file events. */
  readonly pollMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Decoded = ReturnType<typeof decodeCarbonCache>;

/** A document of the whole world's zones with forecasts is under 2 MB; beyond this it is something else. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Watches the cache file. A file that turns bad (torn, empty, foreign, dated in the future, gone) is missing at once,
 * even if a good document was seen before: every reader, also one that has just started, must come to the same state from
 * the same file, and the writer replaces it whole within minutes. Missing costs only neutral scores.
 */
export function watchCache({ file, maxIntensity, pollMs, clock, logger }: CacheWatcherOptions): CacheWatcher {
  const reader = createReader(resolve(file), maxIntensity);
  let logged: string | undefined;
  let loggedIssue: string | undefined;
  const state = (): CacheState => {
    const current = cacheState(reader.latest(), clock.now());
    const key = current.kind === 'missing' ? `missing: ${current.reason}` : current.kind;
    if (reader.hasRead() && key !== logged) {
      logged = key;
      logState(logger, file, current);
    }
    const issue = current.kind === 'missing' ? undefined : current.snapshot.issues?.[0];
    if (issue !== loggedIssue && issue !== undefined)
      logger.warn(
        { code: 'CACHE_VALUE_DROPPED', file, issue },
        'an invalid value in the carbon cache is ignored; the others are used',
      );
    loggedIssue = issue;
    return current;
  };
  const read = async () => {
    await reader.read();
    state();
    await folder.refresh();
  };
  // The folder and not the file: a replaced file is a new one, and Kubernetes swaps the symlink beside it.
  const folder = watchFolder(dirname(resolve(file)), () => void read(), logger);
  const firstRead = read();
  const polling = startLoop({ name: 'cache file', intervalMs: pollMs, clock, logger, task: read });
  return {
    state,
    firstRead,
    async [Symbol.asyncDispose]() {
      await Promise.all([folder[Symbol.asyncDispose](), polling[Symbol.asyncDispose](), firstRead]);
    },
  };
}

/** Reads the file whenever its stamp has changed; one read at a time, and one more if something happened meanwhile. */
function createReader(file: string, maxIntensity: number | undefined) {
  let latest: Decoded = { kind: 'missing', reason: 'the file has not been read yet' };
  let stamp: string | undefined;
  let again = false;
  let running: Promise<void> | undefined;
  const readOnce = async () => {
    const read = await readIfChanged(file, stamp, maxIntensity);
    if (read === undefined) return;
    stamp = read.stamp;
    latest = read.document;
  };
  const run = async () => {
    do {
      again = false;
      await readOnce();
    } while (again);
    running = undefined;
  };
  return {
    latest: () => latest,
    hasRead: () => stamp !== undefined,
    read(): Promise<void> {
      again = running !== undefined;
      running ??= run();
      return running;
    },
  };
}

/** The document, and the stamp of its file; undefined when the stamp has not changed. What cannot be read is missing, with the reason. */
async function readIfChanged(
  file: string,
  stamp: string | undefined,
  maxIntensity: number | undefined,
): Promise<{ stamp: string; document: Decoded } | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const stat = await handle.stat({ bigint: true });
    const now = stampOf(stat);
    if (now === stamp) return undefined;
    if (stat.size > MAX_BYTES) return { stamp: now, document: missing(`the file has ${stat.size} bytes`) };
    return { stamp: now, document: decodeCarbonCache(await handle.readFile('utf8'), maxIntensity) };
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return {
      stamp: code,
      document: missing(code === 'ENOENT' ? 'the file does not exist' : `cannot be read (${code})`),
    };
  } finally {
    await handle?.close();
  }
}

function missing(reason: string): Decoded {
  return { kind: 'missing', reason };
}

function logState(logger: Logger, file: string, state: CacheState): void {
  if (state.kind === 'missing') {
    logger.warn(
      { code: 'CACHE_MISSING', file, reason: state.reason },
      'the carbon cache is missing: all nodes get equal scores until it is back',
    );
  } else if (state.kind === 'stale') {
    const { ageMs, snapshot } = state;
    logger.warn(
      { code: 'CACHE_STALE', file, ageMs, ttlMs: snapshot.ttlMs },
      'the carbon cache is stale: all nodes get equal scores until it is renewed',
    );
  } else {
    logger.info({ file, ageMs: state.ageMs, zones: state.snapshot.regions.size }, 'the carbon cache is fresh');
  }
}
