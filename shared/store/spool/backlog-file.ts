import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Backlog, Spool } from './spool.ts';

const NAME = 'backlog.json';

const backlogSchema = z.object({
  entries: z.number(),
  blocks: z.number(),
  bytes: z.number(),
  dropped: z.number(),
});

/** Gives a function that tells other processes on the same volume what waits in a spool: the newest state, one write at a time. */
export function backlogTeller(spool: Spool): () => Promise<void> {
  const path = join(spool.folder, NAME);
  let writing: Promise<void> | undefined;
  let again = false;
  const write = async () => {
    do {
      again = false;
      await writeFile(`${path}.new`, JSON.stringify(spool.backlog));
      await rename(`${path}.new`, path);
    } while (again);
  };
  return () => {
    again = true;
    // A full disk must not stop anybody: the file is a courtesy.
    writing ??= write()
      .catch(() => undefined)
      .finally(() => {
        writing = undefined;
      });
    return writing;
  };
}

/** What waits in the spools below a data folder, told by the pollers that write them; undefined where none is seen. */
export async function readBacklog(dataDir: string): Promise<Backlog | undefined> {
  const folder = join(dataDir, 'spool');
  const slots = await readdir(folder).catch(() => []);
  let sum: Backlog | undefined;
  for (const slot of slots) {
    const text = await readFile(join(folder, slot, NAME), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const parsed = backlogSchema.safeParse(JSON.parse(text));
    if (parsed.success) sum = sum === undefined ? parsed.data : add(sum, parsed.data);
  }
  return sum;
}

function add(a: Backlog, b: Backlog): Backlog {
  return {
    entries: a.entries + b.entries,
    blocks: a.blocks + b.blocks,
    bytes: a.bytes + b.bytes,
    dropped: a.dropped + b.dropped,
  };
}
