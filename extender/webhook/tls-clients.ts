import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { TokenBucket } from '../../shared/pacing/token-bucket.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { TlsMetrics } from './tls-metrics.ts';

/** Why a TLS client was refused, as logs and metrics name it. */
export type RefusalReason = 'no-certificate' | 'expired' | 'unknown-authority' | 'protocol' | 'aborted' | 'other';

/** The clients of a TLS port, checked when they connect, at each request, and while they are idle. */
export interface TlsClients {
  /** Whether a request may be served: its client’s certificate is one of the authorities in use, and has not expired. */
  admits(socket: Socket): boolean;
  /** Ends the connections of clients whose certificate has expired since they connected. */
  endExpired(): void;
  /** Ends the connections of all clients, because the authorities in use have changed; a request in progress gets its response. */
  endAll(): void;
}

/** Refused clients are logged at most this often. */
const LOGS = { capacity: 10, perMs: 10 / 60_000 };

/**
 * Checks the clients of a server that does not check them itself: Node’s own check drops a client without any event, so
 * that refusals could neither be counted nor logged. `mutual`: clients must show a certificate of an authority in use.
 */
export function watchTlsClients(
  server: Server,
  mutual: boolean,
  { clock, logger, metrics }: { clock: Clock; logger: Logger; metrics: TlsMetrics },
): TlsClients {
  const expiries = new Map<Socket, number>();
  const outdated = new WeakSet<Socket>();
  const bucket = new TokenBucket(LOGS);
  const refuse = (socket: Socket, reason: RefusalReason, err?: Error) => {
    metrics.countRefused(reason);
    const fields = { code: 'TLS_CLIENT_REFUSED', reason, address: socket.remoteAddress, ...(err && { err }) };
    if (bucket.take(clock.monotonic())) logger.warn(fields, 'refused a TLS client of the scheduler port');
    socket.destroy();
  };
  // Before the HTTP server sees the connection: what is destroyed here is never read from.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (!mutual) return;
    const peer = socket.getPeerX509Certificate();
    if (peer === undefined) return refuse(socket, 'no-certificate');
    const expiry = peer.validToDate.getTime();
    if (expiry <= clock.now()) return refuse(socket, 'expired');
    if (!socket.authorized) return refuse(socket, reasonOf(String(socket.authorizationError)));
    expiries.set(socket, expiry);
    socket.once('close', () => expiries.delete(socket));
  });
  server.on('tlsClientError', (err: NodeJS.ErrnoException, socket: TLSSocket) => {
    refuse(socket, reasonOf(err.code ?? ''), err);
  });
  return {
    admits(socket) {
      if (!mutual) return true;
      const expiry = expiries.get(socket);
      if (expiry !== undefined && expiry > clock.now() && !outdated.has(socket)) return true;
      refuse(socket, expiry !== undefined && outdated.has(socket) ? 'unknown-authority' : 'expired');
      return false;
    },
    endExpired() {
      for (const [socket, expiry] of expiries) if (expiry <= clock.now()) refuse(socket, 'expired');
    },
    endAll() {
      for (const socket of expiries.keys()) outdated.add(socket);
      server.closeIdleConnections();
    },
  };
}

function reasonOf(code: string): RefusalReason {
  if (/EXPIRED/.test(code)) return 'expired';
  if (/PEER_DID_NOT_RETURN/.test(code)) return 'no-certificate';
  if (/ISSUER|SELF_SIGNED|VERIFY|UNTRUSTED|INVALID_CA|SIGNATURE/.test(code)) return 'unknown-authority';
  if (/^ERR_SSL|HTTP_REQUEST/.test(code)) return 'protocol';
  return /ECONNRESET|TIMEOUT|EPIPE/.test(code) ? 'aborted' : 'other';
}
