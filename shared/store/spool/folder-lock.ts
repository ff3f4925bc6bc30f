import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Takes a folder for this process alone; undefined when another has it. The system frees it when the process dies. */
export function lockFolder(folder: string): Disposable | undefined {
  // Node has no file locks of its own, but SQLite's are the kernel's: a kill leaves nothing behind, and containers of one node see each other.
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => lock.close() };
  } catch {
    lock.close();
    return undefined;
  }
}
