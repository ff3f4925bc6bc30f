import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../shared/runtime/http-server.ts';

const serve = () => listen((_request, response) => response.end('fine'), { host: '127.0.0.1', port: 0 });

/** Sends bytes as they are, each piece after an answer to the one before, and reads until the server closes. */
async function exchange(port: number, ...pieces: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk: string) => {
    received += chunk;
  });
  const closed = once(socket, 'close');
  for (const [index, piece] of pieces.entries()) {
    socket.write(piece);
    if (index < pieces.length - 1) await once(socket, 'data');
  }
  await closed;
  return received;
}

describe('a request that cannot be read', () => {
  it('is told with 431 and a problem when its address is too long', async () => {
    await using server = await serve();

    const response = await fetch(`http://127.0.0.1:${server.port}/${'x'.repeat(20_000)}`);

    expect([response.status, response.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
    expect(await response.json()).toMatchObject({ type: 'about:blank', status: 431, detail: expect.any(String) });
  });

  it('is told with 400 and a problem when it is not HTTP, also behind a good one', async () => {
    await using server = await serve();

    const first = await exchange(server.port, 'what?\r\n\r\n');
    const second = await exchange(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'what?\r\n\r\n');

    expect(first).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/);
    expect(second.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  it('leaves the server working', async () => {
    await using server = await serve();
    await exchange(server.port, 'GET /\x00 HTTP/1.1\r\n\r\n');

    const response = await fetch(`http://127.0.0.1:${server.port}/`);

    expect(await response.text()).toBe('fine');
  });
});
