import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { limitConnections } from '../../../shared/runtime/connection-limits.ts';

describe('connections of a port', () => {
  it('are bounded for each address, so that others are still served', async () => {
    await using port = await start({ total: 10, perAddress: 2 });
    const greedy = await Promise.all([1, 2, 3].map(() => port.open('127.0.0.2')));

    const other = await port.open('127.0.0.1');

    await expect.poll(() => greedy.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    expect(other.destroyed).toBe(false);
    expect(port.refused).toEqual(['per-address 127.0.0.2']);
  });

  it('are bounded in all, and make room when one is closed', async () => {
    await using port = await start({ total: 2, perAddress: 2 });
    const first = await port.open('127.0.0.1');
    await port.open('127.0.0.2');
    const third = await port.open('127.0.0.3');
    await expect.poll(() => third.destroyed).toBe(true);

    first.destroy();
    await expect.poll(() => port.connections()).toBe(1);
    const fourth = await port.open('127.0.0.3');

    expect(await answered(fourth)).toMatch(/^HTTP\/1\.1 200/);
    expect(port.refused).toEqual(['total 127.0.0.3']);
  });
});

async function start(limits: { total: number; perAddress: number }) {
  const refused: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((_request, response) => void response.end('ok'));
  limitConnections(server, limits, (reason, address) => refused.push(`${reason} ${address}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    refused,
    connections: () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count))),
    async open(localAddress: string) {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      socket.resume();
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answered(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}
