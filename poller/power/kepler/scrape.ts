import { type Dispatcher, request } from 'undici';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import { ScrapeError } from '../scrape-error.ts';
import { KeplerReader } from './reader.ts';

/** Limits of one scrape. */
export interface ScrapeOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly zone?: string | undefined;
  /** The exporter's total was found to be sound: its parts need not be read. */
  readonly totalIsSound?: boolean;
  readonly dispatcher?: Dispatcher;
  /** Headers beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

// Kepler 0.10 would send OpenMetrics if it were accepted; the plain format has no timestamps of its own and is the smaller body.
const ACCEPT = 'text/plain;version=0.0.4';

/** Fetches an exporter's metrics and reads them as they arrive; throws a ScrapeError with the reason when it cannot. */
export async function scrape(name: string, url: string, options: ScrapeOptions): Promise<KeplerScrape> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await request(url, {
      headers: { accept: ACCEPT, 'user-agent': 'carbon-extender', ...options.headers },
      signal: AbortSignal.any([options.signal, timeout]),
      ...(options.dispatcher && { dispatcher: options.dispatcher }),
    });
    const contentType = String(response.headers['content-type'] ?? '');
    if (response.statusCode !== 200) {
      await response.body.dump();
      throw new ScrapeError(name, 'http-status', `responds with HTTP ${response.statusCode}`, {
        status: response.statusCode,
      });
    }
    return await readBody(name, response.body, options, contentType.startsWith('application/openmetrics-text'));
  } catch (error) {
    throw asScrapeError(name, error, timeout.aborted, options.timeoutMs);
  }
}

async function readBody(
  name: string,
  body: AsyncIterable<Uint8Array>,
  options: ScrapeOptions,
  openMetrics: boolean,
): Promise<KeplerScrape> {
  const reader = new KeplerReader({ zone: options.zone, openMetrics, totalIsSound: options.totalIsSound ?? false });
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > options.maxBytes)
      throw new ScrapeError(name, 'too-large', `the body is larger than ${options.maxBytes} bytes`);
    reader.push(chunk);
  }
  return reader.finish();
}

function asScrapeError(name: string, error: unknown, timedOut: boolean, timeoutMs: number): ScrapeError {
  if (error instanceof ScrapeError) return error;
  if (error instanceof KeplerBodyError) return new ScrapeError(name, error.reason, error.message, { cause: error });
  if (timedOut)
    return new ScrapeError(name, 'timeout', `no complete response within ${timeoutMs} ms`, { cause: error });
  if (error instanceof RangeError) return new ScrapeError(name, 'foreign', error.message, { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  // The connection ended inside the body: what arrived so far is not to be trusted.
  if (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || message === 'terminated')
    return new ScrapeError(name, 'truncated', `the connection ended too early (${message})`, { cause: error });
  return new ScrapeError(name, 'unreachable', code ?? message, { cause: error });
}
