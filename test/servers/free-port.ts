import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports below those that Linux gives to outgoing connections. A port of those may be taken while its server is down: by
 * any client, or by one that dials the port itself and, when it gets the same one for its own end, connects to itself.
 */
const FIRST = 15_000;
const BEYOND = 32_768;

/** A port of the loopback that was free a moment ago, and that no outgoing connection gets by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, BEYOND);
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch {
      continue;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
