import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { describeSystemFault } from '../../../shared/runtime/system-fault.ts';

/** What the system says to a server that wants to listen there. */
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

describe('describeSystemFault', () => {
  it('names the setting of a port that is taken, and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const error = await refusal({ port, host: '127.0.0.1' });

    expect(describeSystemFault(error, { EXTENDER_PORT: 1, API_PORT: port })).toBe(
      `port ${port} on 127.0.0.1 is taken by another program: stop that one, or set API_PORT to a free port`,
    );
    taken.close();
  });

  it('names the setting of an address that this machine does not have', async () => {
    const error = await refusal({ port: 0, host: '192.0.2.7' });

    expect(describeSystemFault(error, { POLLER_PORT: 0 })).toBe(
      'this machine has no address 192.0.2.7: set POLLER_HOST to one of its own, or to 0.0.0.0 for all',
    );
  });

  it('names the setting of a folder that cannot be made', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fault-'));
    const file = join(folder, 'file');
    writeFileSync(file, '');

    const error = thrown(() => mkdirSync(join(file, 'data'), { recursive: true }));

    const text = describeSystemFault(error, { DATA_DIR: join(file, 'data'), CACHE_FILE: '/elsewhere/cache.json' });
    expect(text).toMatch(/^DATA_DIR: a folder is needed where there is a file .*Set DATA_DIR to another place$/);
    expect(describeSystemFault(error, { CACHE_FILE: join(file, 'data', 'cache.json') })).toMatch(/^CACHE_FILE: /);
  });

  it('names the folder of a database that cannot be opened, without a stack', () => {
    const error = thrown(() => new DatabaseSync(join(tmpdir(), 'there', 'is', 'none.sqlite')));

    const text = describeSystemFault(error, { DATA_DIR: '/srv/carbon' });

    expect(text).toMatch(/^the database in DATA_DIR \(\/srv\/carbon\): unable to open database file\. Let this user/);
    expect(text).not.toContain('\n');
  });

  it('leaves every other fault to its stack', () => {
    expect(describeSystemFault(new TypeError('x is not a function'))).toBeUndefined();
    expect(describeSystemFault('no error at all')).toBeUndefined();
  });
});
