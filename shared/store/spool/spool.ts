import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEntries, encodeEntry, type SpoolEntry } from './entry.ts';
import { lockFolder } from './folder-lock.ts';
import { OpenSegment, Segment, syncFolder } from './segment.ts';

/** What waits for the database. */
export interface Backlog {
  readonly entries: number;
  /** Containers' minutes that wait. */
  readonly blocks: number;
  readonly bytes: number;
  /** Entries given up since the start, oldest first, because the bound was reached. */
  readonly dropped: number;
}

/** Bounds of a spool in bytes. */
export interface SpoolLimits {
  readonly maxBytes: number;
  /** Size at which a file is finished and the next begun; a file is also what is given up at once. */
  readonly segmentBytes: number;
}

interface Waiting {
  readonly entry: SpoolEntry;
  readonly record: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const SEGMENT_NAME = /^\d{12}\.spool$/;

/** Writes that wait on disk, in order. A file goes only when all of it was delivered, so what a crash cuts off is delivered again. */
export class Spool implements AsyncDisposable {
  readonly folder: string;
  readonly #limits: SpoolLimits;
  readonly #lock: Disposable;
  /** Finished files, oldest first. */
  readonly #segments: Segment[] = [];
  #open: OpenSegment | undefined;
  #next = 1;
  readonly #waiting: Waiting[] = [];
  /** Whatever touches the files, one after the other. */
  #busy: Promise<unknown> = Promise.resolve();
  #writing = false;
  #delivering: Segment | undefined;
  #dropped = 0;
  /** Files whose end was torn or damaged when the spool was opened. */
  readonly damaged: string[] = [];

  private constructor(folder: string, limits: SpoolLimits, lock: Disposable) {
    this.folder = folder;
    this.#limits = limits;
    this.#lock = lock;
  }

  /** Opens a spool with what an earlier process left; undefined while another process has it. */
  static async open(folder: string, limits: SpoolLimits): Promise<Spool | undefined> {
    await mkdir(folder, { recursive: true });
    const lock = lockFolder(folder);
    if (lock === undefined) return undefined;
    const spool = new Spool(folder, limits, lock);
    for (const name of (await readdir(folder)).filter((file) => SEGMENT_NAME.test(file)).sort())
      await spool.#adopt(name);
    return spool;
  }

  get backlog(): Backlog {
    const all = this.#open === undefined ? this.#segments : [...this.#segments, this.#open.segment];
    const sum = { entries: this.#waiting.length, blocks: 0, bytes: 0, dropped: this.#dropped };
    for (const { entries, blocks, bytes } of all) {
      sum.entries += entries;
      sum.blocks += blocks;
      sum.bytes += bytes;
    }
    return sum;
  }

  /** True when nothing waits. */
  get empty(): boolean {
    return this.#segments.length === 0 && this.#open === undefined && !this.#writing;
  }

  /** Keeps an entry; it survives a crash when this resolves. Entries kept at the same time share one write to disk. */
  push(entry: SpoolEntry): Promise<void> {
    const kept = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ entry, record: encodeEntry(entry), resolve, reject });
    });
    if (!this.#writing) {
      this.#writing = true;
      void this.#alone(() => this.#writeWaiting());
    }
    return kept;
  }

  /** Hands the oldest file's entries on and removes the file once they are taken. False when nothing was left to take. */
  async deliver(take: (entries: readonly SpoolEntry[]) => Promise<void>): Promise<boolean> {
    const oldest = await this.#alone(async () => {
      if (this.#segments.length === 0) await this.#finish();
      this.#delivering = this.#segments[0];
      return this.#delivering;
    });
    if (oldest === undefined) return false;
    try {
      await take(decodeEntries(await readFile(oldest.path)).entries);
      // Were the file to come back after a power cut, its old values would overwrite what was written since.
      await this.#alone(() => rm(oldest.path, { force: true }).then(() => syncFolder(this.folder)));
      this.#segments.splice(this.#segments.indexOf(oldest), 1);
    } finally {
      this.#delivering = undefined;
    }
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#alone(() => this.#finish());
    this.#lock[Symbol.dispose]();
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => undefined);
    return result;
  }

  async #adopt(name: string): Promise<void> {
    const path = join(this.folder, name);
    this.#next = Number.parseInt(name, 10) + 1;
    const file = await readFile(path);
    const { entries, whole } = decodeEntries(file);
    if (!whole) this.damaged.push(name);
    if (entries.length === 0) return await rm(path);
    const segment = new Segment(path);
    segment.bytes = file.length;
    for (const entry of entries) segment.count(entry);
    this.#segments.push(segment);
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = [...this.#waiting];
      try {
        await this.#write(batch);
        this.#waiting.splice(0, batch.length);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#waiting.splice(0, batch.length);
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const records = Buffer.concat(batch.map(({ record }) => record));
    await this.#makeRoom(records.length);
    if (this.#open !== undefined && this.#open.segment.bytes >= this.#limits.segmentBytes) await this.#finish();
    this.#open ??= await OpenSegment.create(join(this.folder, `${String(this.#next++).padStart(12, '0')}.spool`));
    await this.#open.add(records);
    for (const { entry } of batch) this.#open.segment.count(entry);
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.backlog.bytes + bytes > this.#limits.maxBytes) {
      if (this.#segments.every((segment) => segment === this.#delivering)) await this.#finish();
      const oldest = this.#segments.find((segment) => segment !== this.#delivering);
      if (oldest === undefined) return;
      this.#segments.splice(this.#segments.indexOf(oldest), 1);
      this.#dropped += oldest.entries;
      await rm(oldest.path, { force: true });
    }
  }

  /** Ends the file that is being written; the next entry begins another. */
  async #finish(): Promise<void> {
    const finished = this.#open;
    this.#open = undefined;
    if (finished === undefined) return;
    // Listed before anything is awaited: at no moment may the spool look empty while something waits in it.
    if (finished.segment.entries > 0) this.#segments.push(finished.segment);
    await finished.close();
    if (finished.segment.entries === 0) await rm(finished.segment.path, { force: true });
  }
}
