import { stat } from 'node:fs/promises';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from '../../shared/runtime/logger.ts';

/** File events of one folder, also of one that does not exist yet or is replaced. */
export interface FolderWatch extends AsyncDisposable {
  /** Starts to watch; starts again when the folder is another one than the watched one. */
  refresh(): Promise<void>;
}

/**
 * Calls back on every event in a folder, and whenever it has started to listen. chokidar reports that a missing folder has
 * appeared, but nothing that happens in it; a new watcher does.
 */
export function watchFolder(folder: string, onEvent: () => void, logger: Logger): FolderWatch {
  let warned = false;
  const start = (): FSWatcher =>
    watch(folder, { depth: 0, ignoreInitial: true, followSymlinks: false })
      .on('all', onEvent)
      .on('ready', onEvent)
      .on('error', (err) => {
        if (!warned)
          logger.warn(
            { code: 'FILE_EVENTS_UNAVAILABLE', folder, err },
            'no file events for the folder of the carbon cache; polling continues',
          );
        warned = true;
      });
  let watched: string | undefined;
  let watcher: FSWatcher | undefined;
  let closed = false;
  return {
    async refresh() {
      const found = await identityOf(folder);
      if (closed || found === watched) return;
      const old = watcher;
      watched = found;
      watcher = start();
      await old?.close();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await watcher?.close();
    },
  };
}

const ABSENT = 'absent';

async function identityOf(folder: string): Promise<string> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return ABSENT;
  }
}
