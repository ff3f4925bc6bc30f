import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and those above it; one that exists stays as it is. Throws the error of the file system. Node's own
 * `recursive: true` never returns where a file system refuses new folders with ENOENT, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  const isFolder = async () => (await stat(path).catch(() => undefined))?.isDirectory();
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder()) return;
    if (!isBelowMissing(error, path)) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch(async (again) => {
      if (!(await isFolder())) throw again;
    });
  }
}

/** As `makeFolder`, for programs that have nothing else to do. */
export function makeFolderSync(path: string): void {
  const isFolder = () => statSync(path, { throwIfNoEntry: false })?.isDirectory();
  try {
    mkdirSync(path);
  } catch (error) {
    if (isFolder()) return;
    if (!isBelowMissing(error, path)) throw error;
    makeFolderSync(dirname(path));
    try {
      mkdirSync(path);
    } catch (again) {
      if (!isFolder()) throw again;
    }
  }
}

function isBelowMissing(error: unknown, path: string): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
}
