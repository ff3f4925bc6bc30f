import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { certificatesIn, createExpiryWarnings } from '../../shared/runtime/certificates.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { ConfigError } from '../../shared/runtime/config.ts';
import { fileStamp } from '../../shared/runtime/file-stamp.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { type TlsClients, watchTlsClients } from './tls-clients.ts';
import type { TlsMetrics } from './tls-metrics.ts';

/** Files of a certificate; with `clientCa` callers must show one of their own. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** The TLS files that the settings name; undefined for plain HTTP. Throws a ConfigError when they are not whole. */
export function tlsFiles(settings: {
  readonly TLS_CERT_FILE?: string | undefined;
  readonly TLS_KEY_FILE?: string | undefined;
  readonly TLS_CLIENT_CA_FILE?: string | undefined;
}): TlsFiles | undefined {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = settings;
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new ConfigError('extender', ['TLS_CERT_FILE and TLS_KEY_FILE: one is missing; give both or neither']);
}

/** Secrets that Kubernetes mounts change some time after they were renewed; a certificate is renewed days ahead. */
const POLL_MS = 10_000;

/** A server with TLS, and the check of its clients. */
export interface TlsServer {
  readonly server: Server;
  readonly clients: TlsClients;
  readonly watching: AsyncDisposable;
  /** Loads the files when they have changed, and ends connections that are no longer allowed. */
  refresh(): Promise<void>;
}

/**
 * A server with TLS that takes new files over without dropping a connection. Files that cannot be loaded leave the old ones in
 * use and are tried again, until they can be.
 */
export async function createTlsServer(
  files: TlsFiles,
  timeouts: object,
  options: { clock: Clock; logger: Logger; metrics: TlsMetrics },
): Promise<TlsServer> {
  const { clock, logger, metrics } = options;
  let stamp = await stampOf(files);
  let loaded = await read(files);
  let problem: string | undefined;
  const mutual = files.clientCa !== undefined;
  const server = createServer({
    ...timeouts,
    ...loaded.context,
    requestCert: mutual,
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
    minVersion: 'TLSv1.2',
  });
  const clients = watchTlsClients(server, mutual, options);
  const warnOfExpiry = createExpiryWarnings(logger);
  const take = () => {
    metrics.setCertificates(loaded.certificates);
    metrics.setReloadFailed(problem !== undefined);
    warnOfExpiry(loaded.certificates, clock.now());
  };
  const reload = async (now: string) => {
    const { ca } = loaded.context;
    loaded = await read(files);
    server.setSecureContext(loaded.context);
    // Only now: what could not be read is to be read again.
    stamp = now;
    problem = undefined;
    if (!sameBytes(ca, loaded.context.ca)) clients.endAll();
    logger.info({ ...files }, 'loaded renewed TLS files');
  };
  const refresh = async () => {
    const now = await stampOf(files);
    if (now !== stamp)
      await reload(now).catch((err: Error) => {
        if (err.message !== problem)
          logger.error(
            { code: 'TLS_RELOAD_FAILED', ...files, err },
            'could not load the renewed TLS files; the old certificate stays in use',
          );
        problem = err.message;
      });
    clients.endExpired();
    take();
  };
  take();
  const watching = startLoop({ name: 'TLS files', intervalMs: POLL_MS, clock, logger, task: refresh });
  return { server, clients, watching, refresh };
}

/** Loads the files once, as a start would. Throws a ConfigError when they cannot be used. */
export async function checkTlsFiles(files: TlsFiles): Promise<void> {
  await read(files);
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b));
}

async function read({ cert, key, clientCa }: TlsFiles) {
  const named = { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa };
  const unreadable: string[] = [];
  const texts = await Promise.all(
    Object.entries(named).map(([setting, file]) =>
      file === undefined
        ? undefined
        : readFile(file).catch(({ code }: NodeJS.ErrnoException) => {
            unreadable.push(`${setting}: "${file}" cannot be read (${code})`);
          }),
    ),
  );
  if (unreadable.length > 0) throw new ConfigError('extender', unreadable.sort());
  const [certText, keyText, caText] = texts as [Buffer, Buffer, Buffer | undefined];
  const context: { cert: Buffer; key: Buffer; ca?: Buffer } = {
    cert: certText,
    key: keyText,
    ...(caText && { ca: caText }),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    const problem = `TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE: cannot be used together (${(error as Error).message})`;
    throw new ConfigError('extender', [problem]);
  }
  const authorities = caText === undefined ? [] : certificatesIn(caText, 'client-ca');
  return { context, certificates: [...certificatesIn(certText, 'server'), ...authorities] };
}

async function stampOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const files = [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
  return (await Promise.all(files.map(fileStamp))).join();
}
