import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolder } from '../runtime/folders.ts';
import { type AlertMemory, alertStateSchema } from './alert-memory.ts';

/** Keeps the state of alerts in a file of the data folder; the folder is made by the first write. */
export function alertFile(folder: string): AlertMemory {
  const path = join(folder, 'alerts.json');
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return text === undefined ? undefined : alertStateSchema.parse(JSON.parse(text));
    },
    async save(state) {
      await makeFolder(folder);
      await writeFileAtomic(path, JSON.stringify(state), { fsync: true });
    },
  };
}
