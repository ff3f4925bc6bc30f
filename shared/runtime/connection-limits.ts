import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/** How many connections a port keeps open. */
export interface ConnectionLimits {
  /** In all; the newest are refused. Descriptors beyond them stay free for other ports and for files. */
  readonly total: number;
  /** From one address. */
  readonly perAddress: number;
}

/**
 * Bounds the connections of a server, so that no client can take the descriptors or the memory of a process: what is over a
 * limit is closed as soon as it is accepted. `onRefused` is called with the limit that was reached.
 */
export function limitConnections(
  server: Server | TlsServer,
  { total, perAddress }: ConnectionLimits,
  onRefused: (reason: 'total' | 'per-address', address: string) => void = () => undefined,
): void {
  const open = new Map<string, number>();
  let count = 0;
  server.prependListener('connection', (socket: Socket) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const own = open.get(address) ?? 0;
    if (count >= total || own >= perAddress) {
      onRefused(own >= perAddress ? 'per-address' : 'total', address);
      return void socket.destroy();
    }
    count += 1;
    open.set(address, own + 1);
    socket.once('close', () => {
      count -= 1;
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}
