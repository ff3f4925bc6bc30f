import { type Dispatcher, request } from 'undici';
import { ScrapeError } from './scrape-error.ts';

/** Limits of one request for metrics, and what it needs. */
export interface FetchOptions {
  readonly timeoutMs: number;
  /** Largest body that is read; a larger one is refused. */
  readonly maxBytes: number;
  readonly dispatcher?: Dispatcher;
  /** Headers beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

// Kepler 0.10 would send OpenMetrics if it were accepted; the plain format has no timestamps of its own and is the smaller body.
const ACCEPT = 'text/plain;version=0.0.4';

/** Codes of Node.js for certificates that are not signed, not valid now, or for another name. */
const CERTIFICATE_ERRORS = /^(ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_|CERT_)/;

/** Fetches metrics and hands their bytes on as they arrive; throws a ScrapeError with the reason when it cannot. */
export async function fetchMetrics<Result>(
  name: string,
  url: string,
  options: FetchOptions,
  read: (body: AsyncIterable<Uint8Array>, contentType: string) => Promise<Result>,
): Promise<Result> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await request(url, {
      headers: { accept: ACCEPT, 'user-agent': 'carbon-extender', ...options.headers },
      signal: AbortSignal.any([options.signal, timeout]),
      ...(options.dispatcher && { dispatcher: options.dispatcher }),
    });
    const { statusCode: status, headers, body } = response;
    if (status !== 200) {
      await body.dump();
      throw new ScrapeError(name, 'http-status', `responds with HTTP ${status}`, { status });
    }
    return await read(limited(name, body, options.maxBytes), String(headers['content-type'] ?? ''));
  } catch (error) {
    throw asScrapeError(name, error, timeout.aborted, options.timeoutMs);
  }
}

/** The bytes of a body, refused as soon as there are too many. */
async function* limited(name: string, body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ScrapeError(name, 'too-large', `the body is larger than ${maxBytes} bytes`);
    yield chunk;
  }
}

function asScrapeError(name: string, error: unknown, timedOut: boolean, timeoutMs: number): ScrapeError {
  if (error instanceof ScrapeError) return error;
  if (timedOut)
    return new ScrapeError(name, 'timeout', `no complete response within ${timeoutMs} ms`, { cause: error });
  if (error instanceof RangeError) return new ScrapeError(name, 'foreign', error.message, { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  // The connection ended inside the body: what arrived so far is not to be trusted.
  if (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || message === 'terminated')
    return new ScrapeError(name, 'truncated', `the connection ended too early (${message})`, { cause: error });
  if (CERTIFICATE_ERRORS.test(code ?? '')) {
    const detail = `its certificate could not be verified: ${message}`;
    return new ScrapeError(name, 'certificate', detail, { cause: error });
  }
  return new ScrapeError(name, 'unreachable', code ?? message, { cause: error });
}
