import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { toSystemError } from '../../../shared/runtime/system-error.ts';

/** The error of a server that tries to listen there. */
async function refusal(options: ListenOptions): Promise<Error> {
  const [error] = await once(createServer().listen(options), 'error').catch((reason) => [reason]);
  return error as Error;
}

function thrown(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    return error;
  }
}

describe('toSystemError', () => {
  it('names the setting of a port that is taken, and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const error = await refusal({ port, host: '127.0.0.1' });

    const coded = toSystemError(error, { EXTENDER_PORT: 1, API_PORT: port });
    expect(coded?.message).toBe(
      `port ${port} on 127.0.0.1 is taken by another program; stop that one, or set API_PORT to a free port`,
    );
    expect(coded).toMatchObject({ code: 'PORT_TAKEN', exitCode: 1 });
    taken.close();
  });

  it('names the setting of an address that this machine does not have', async () => {
    const error = await refusal({ port: 0, host: '192.0.2.7' });

    expect(toSystemError(error, { POLLER_PORT: 0 })?.message).toBe(
      '"192.0.2.7" is not an address of this machine; set POLLER_HOST to one of its own, or to 0.0.0.0 or :: for all',
    );
  });

  it('names the setting of a folder that cannot be made', () => {
    const folder = mkdtempSync(join(tmpdir(), 'system-error-'));
    const file = join(folder, 'file');
    writeFileSync(file, '');

    const error = thrown(() => mkdirSync(join(file, 'data'), { recursive: true }));

    const text = toSystemError(error, { DATA_DIR: join(file, 'data'), CACHE_FILE: '/elsewhere/cache.json' });
    expect(text?.message).toMatch(/^DATA_DIR: a file is in the place of a folder .*; set DATA_DIR to another path$/);
    expect(toSystemError(error, { CACHE_FILE: join(file, 'data', 'cache.json') })?.message).toMatch(/^CACHE_FILE: /);
  });

  it('names the folder of a database that cannot be opened, without a stack', () => {
    const error = thrown(() => new DatabaseSync(join(tmpdir(), 'there', 'is', 'none.sqlite')));

    const text = toSystemError(error, { DATA_DIR: '/srv/carbon' })?.message;

    expect(text).toMatch(
      /^the database in DATA_DIR \(\/srv\/carbon\) cannot be opened: unable to open database file; let this user/,
    );
    expect(text).not.toContain('\n');
  });

  it('leaves every other error to its stack', () => {
    expect(toSystemError(new TypeError('x is not a function'))).toBeUndefined();
    expect(toSystemError('no error at all')).toBeUndefined();
  });
});
