import { type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { ProviderError, type ProviderErrorReason } from './provider.ts';
import { retryAfterMs } from './retry-after.ts';

/** How HTTP requests are sent. */
export interface Transport {
  readonly clock: Clock;
  /** Longest time from the request to the end of the response, in milliseconds. */
  readonly timeoutMs: number;
  readonly dispatcher?: Dispatcher | undefined;
  /** Absent: name and version. */
  readonly userAgent?: string | undefined;
}

/** A GET request to a service. */
export interface HttpRequest {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Largest body that is read, in bytes; 4 MiB when absent. */
  readonly maxBytes?: number;
}

/** A response as it arrived, not yet classified. */
export interface HttpResponse {
  readonly status: number;
  /** The body as JSON; undefined when it is something else. */
  readonly json: unknown;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

/** There was no complete response: `too-large` when the body exceeds the limit, else `unreachable` (connection failed, or too slow). */
export class NetworkError extends Error {
  readonly reason: 'too-large' | 'unreachable';

  constructor(message: string, reason: 'too-large' | 'unreachable', cause?: unknown) {
    super(message, { cause });
    this.name = 'NetworkError';
    this.reason = reason;
  }
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** The User-Agent of requests: name, version and, where one is set, how the operator can be reached. */
export function userAgentOf(contact?: string): string {
  return `carbon-extender/${packageJson.version}${contact === undefined ? '' : ` (${contact})`}`;
}

/** Sends a GET request and reads the whole response within the timeout; throws a NetworkError. */
export async function get(
  transport: Transport,
  { url, headers, signal, maxBytes }: HttpRequest,
): Promise<HttpResponse> {
  const timeout = AbortSignal.timeout(transport.timeoutMs);
  try {
    const response = await request(url, {
      headers: { accept: 'application/json', 'user-agent': transport.userAgent ?? userAgentOf(), ...headers },
      signal: AbortSignal.any([signal, timeout]),
      ...(transport.dispatcher && { dispatcher: transport.dispatcher }),
    });
    const text = await readText(response.body, maxBytes ?? DEFAULT_MAX_BYTES);
    const retryAfter = response.headers['retry-after'];
    return {
      status: response.statusCode,
      json: parseJson(text),
      text,
      retryAfterMs: retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, transport.clock.now()),
    };
  } catch (cause) {
    if (cause instanceof NetworkError) throw cause;
    const detail = signal.aborted ? 'the request was cancelled' : connectionProblem(cause);
    const message = timeout.aborted ? `no response within ${transport.timeoutMs} ms` : detail;
    throw new NetworkError(message, 'unreachable', cause);
  }
}

/** The usual meaning of a response: undefined for a JSON body without `error`, else a reason by its status. */
export function classifyResponse(response: HttpResponse): ProviderErrorReason | undefined {
  const error = (response.json as { error?: unknown } | null | undefined)?.error;
  if (response.status === 200) return response.json === undefined || error !== undefined ? 'malformed' : undefined;
  if (response.status === 429) return 'rate-limited';
  if (response.status === 401 || response.status === 403) return 'auth';
  if (response.status === 404 || response.status === 204) return 'no-data';
  if (response.status >= 500 || response.status === 408) return 'unavailable';
  return 'malformed';
}

/** The message of an error body, at most 200 characters: its `error`, `message`, `title` or `detail`, else the start of its text. */
export function errorText(response: HttpResponse): string {
  const body = response.json as Record<string, unknown> | null | undefined;
  const inner = (typeof body?.error === 'object' ? body.error : undefined) as
    | Record<string, unknown>
    | null
    | undefined;
  const texts = [body?.error, body?.message, inner?.code, inner?.message, body?.title, body?.detail].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  const text =
    texts.length > 0
      ? texts.join(': ')
      : response.text
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim();
  return text.slice(0, 200) || 'an empty body';
}

/** A foreign body as our type; throws a ProviderError that names the first field that does not match. */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  provider: string,
  zone: Zone,
): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const detail = `${issue?.path.join('.') || 'body'}: ${issue?.message}`;
  throw new ProviderError({ provider, zone, reason: 'malformed', detail });
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new NetworkError(`the body is larger than ${maxBytes} bytes`, 'too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    // Some servers, .NET ones above all, begin with a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function connectionProblem(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: string };
  if (code === 'EAI_AGAIN' || code === 'ENOTFOUND')
    return `its host name cannot be resolved (${code}); check DNS and the connection to the internet`;
  // DOM exceptions have numbers for codes, which explain nothing.
  return typeof code === 'string' ? code : (message ?? 'the connection failed');
}
