import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { blocksOf, type SpoolEntry } from './entry.ts';

/** What waits in one file of the spool. */
export class Segment {
  readonly path: string;
  bytes = 0;
  entries = 0;
  readonly #blocks = new Map<string, number>();

  constructor(path: string) {
    this.path = path;
  }

  /** Containers' minutes that wait here. */
  get blocks(): number {
    let sum = 0;
    for (const count of this.#blocks.values()) sum += count;
    return sum;
  }

  /** Counts an entry that is in the file. */
  count(entry: SpoolEntry): void {
    this.entries += 1;
    for (const [minute, containers] of blocksOf(entry))
      this.#blocks.set(minute, Math.max(containers, this.#blocks.get(minute) ?? 0));
  }
}

/** The file that entries are being added to. */
export class OpenSegment {
  readonly segment: Segment;
  readonly #file: FileHandle;

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  /** Makes a new file; its name lasts when this resolves. */
  static async create(path: string): Promise<OpenSegment> {
    const file = await open(path, 'wx');
    await syncFolder(dirname(path));
    return new OpenSegment(new Segment(path), file);
  }

  /** Adds records, which last when this resolves. When it rejects the file holds what it held before. */
  async add(records: Buffer): Promise<void> {
    try {
      await this.#file.appendFile(records);
      await this.#file.datasync();
      this.segment.bytes += records.length;
    } catch (error) {
      // A full disk may have taken a part: what comes later must not stand behind half a record.
      await this.#file.truncate(this.segment.bytes).catch(() => undefined);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Makes changes of a folder's entries last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
