import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../shared/runtime/clock.ts';
import { ConfigError } from '../../shared/runtime/config.ts';
import { fileStamp } from '../../shared/runtime/file-stamp.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';

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
const LOOK_MS = 10_000;

/** A server that speaks TLS, and takes new files over without dropping a connection; files that are broken are not taken. */
export async function createTlsServer(
  files: TlsFiles,
  timeouts: object,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<{ readonly server: Server; readonly watching: AsyncDisposable; look(): Promise<void> }> {
  let stamp = await stampOf(files);
  const server = createServer({
    ...timeouts,
    ...(await read(files)),
    requestCert: files.clientCa !== undefined,
    rejectUnauthorized: files.clientCa !== undefined,
    handshakeTimeout: 10_000,
    minVersion: 'TLSv1.2',
  });
  const look = async () => {
    const now = await stampOf(files);
    if (now === stamp) return;
    stamp = now;
    try {
      server.setSecureContext(await read(files));
      logger.info({ ...files }, 'TLS files were renewed');
    } catch (err) {
      logger.error({ ...files, err }, 'new TLS files cannot be used; the old certificate stays in use');
    }
  };
  const watching = startLoop({ name: 'TLS files', intervalMs: LOOK_MS, clock, logger, task: look });
  return { server, watching, look };
}

async function read({ cert, key, clientCa }: TlsFiles) {
  const [certText, keyText, caText] = await Promise.all([
    readNamed('TLS_CERT_FILE', cert),
    readNamed('TLS_KEY_FILE', key),
    clientCa === undefined ? undefined : readNamed('TLS_CLIENT_CA_FILE', clientCa),
  ]);
  const context = { cert: certText, key: keyText, ...(caText && { ca: caText }) };
  try {
    createSecureContext(context);
  } catch (error) {
    const problem = `TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE: cannot be used together (${(error as Error).message})`;
    throw new ConfigError('extender', [problem]);
  }
  return context;
}

async function readNamed(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError('extender', [`${setting}: "${file}" cannot be read (${code})`]);
  }
}

async function stampOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const files = [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
  return (await Promise.all(files.map(fileStamp))).join();
}
