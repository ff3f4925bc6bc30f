import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { STORE_ERRORS } from '../../errors/store-errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { makeFolderSync } from '../../runtime/folders.ts';
import type { Lease, LeasePurpose } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/logger.ts';

/** How a lease in a folder is held. */
export interface FileLeaseOptions {
  readonly folder: string;
  readonly purpose: LeasePurpose;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often a standby tries to take the lease, in milliseconds. */
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;

const STANDBY: Record<LeasePurpose, keyof typeof STORE_ERRORS> = {
  recording: 'FOLDER_RECORDED_BY_ANOTHER',
  budgets: 'FOLDER_WATCHED_BY_ANOTHER',
  alerts: 'FOLDER_ALERTED_BY_ANOTHER',
};

/** Holds a lease as a lock of the kernel on a file of a folder, which a killed process gives up; its holder is named beside it. */
export class FileLease implements Lease {
  readonly #options: FileLeaseOptions;
  readonly #stop = new AbortController();
  readonly #listeners: ((held: boolean) => void)[] = [];
  readonly #finished: Promise<void>;
  #lock: DatabaseSync | undefined;
  #reported = false;

  constructor(options: FileLeaseOptions) {
    this.#options = options;
    this.#finished = this.#run();
  }

  get held(): boolean {
    return this.#lock !== undefined;
  }

  onChange(listener: (held: boolean) => void): void {
    this.#listeners.push(listener);
    if (this.held) listener(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#finished;
    this.#lock?.close();
    this.#lock = undefined;
  }

  async #run(): Promise<void> {
    const { clock, retryMs = RETRY_MS } = this.#options;
    while (!this.#stop.signal.aborted && !this.#acquired()) await clock.sleep(retryMs, this.#stop.signal);
  }

  #acquired(): boolean {
    const { folder, purpose, logger } = this.#options;
    const path = join(folder, `${purpose}.lock`);
    let lock: DatabaseSync | undefined;
    try {
      makeFolderSync(folder);
      // Node has no file locks of its own, but SQLite's are the kernel's, and containers of one node see each other's.
      lock = new DatabaseSync(path, { timeout: 0 });
      lock.exec('BEGIN EXCLUSIVE');
    } catch (err) {
      lock?.close();
      if (!this.#reported) this.#report(path, err);
      this.#reported = true;
      return false;
    }
    this.#lock = lock;
    writeFileSync(`${path}.holder`, `${hostname()} (process ${process.pid})`);
    if (this.#reported) logger.info({ folder }, 'took over from the process that held the lock before');
    for (const listener of this.#listeners) listener(true);
    return true;
  }

  #report(path: string, err: unknown): void {
    const { folder, purpose, logger } = this.#options;
    if (!/locked/.test((err as Error).message)) {
      logger.error({ code: 'FOLDER_NOT_LOCKED', folder, err }, STORE_ERRORS.FOLDER_NOT_LOCKED.message);
      return;
    }
    let holder = 'not known';
    try {
      holder = readFileSync(`${path}.holder`, 'utf8');
    } catch {
      // The holder has the lock but has not written its name yet.
    }
    const code = STANDBY[purpose];
    logger.warn({ code, folder, holder }, STORE_ERRORS[code].message);
  }
}
