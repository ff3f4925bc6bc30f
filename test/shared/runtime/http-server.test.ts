import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../shared/runtime/http-server.ts';

const HAS_IPV6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));
const serve = (host: string) => listen((_request, response) => void response.end('here'), { host, port: 0 });

describe('a server on ::', () => {
  it('is reached by IPv4, and by IPv6 where the machine has it', async () => {
    await using server = await serve('::');

    const bodies = await Promise.all(
      ['127.0.0.1', ...(HAS_IPV6 ? ['[::1]'] : [])].map(async (host) =>
        (await fetch(`http://${host}:${server.port}/`)).text(),
      ),
    );

    expect(new Set(bodies)).toEqual(new Set(['here']));
  });

  it('does not take a port that another program has', async () => {
    await using first = await serve('::');

    const second = listen(() => undefined, { host: '::', port: first.port });

    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
