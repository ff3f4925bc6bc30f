import { type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { ProviderError, type ProviderErrorReason } from './provider.ts';
import { retryAfterMs } from './retry-after.ts';

/** How HTTP questions are sent. */
export interface Transport {
  readonly clock: Clock;
  /** Longest wait for one answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly dispatcher?: Dispatcher | undefined;
}

/** One question to a service. */
export interface HttpRequest {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Largest body taken, in bytes; 4 MiB when absent. */
  readonly maxBytes?: number;
}

/** An answer as it came, before anybody says what it means. */
export interface HttpResponse {
  readonly status: number;
  /** The body as JSON; undefined when it is something else. */
  readonly json: unknown;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

/** No whole answer came: `oversized` when the service sent more than we take, else the network failed or was too slow. */
export class NetworkError extends Error {
  readonly oversized: boolean;

  constructor(message: string, oversized: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'NoAnswerError';
    this.oversized = oversized;
  }
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Sends a GET and reads the whole answer within the time-out; throws a NoAnswerError. */
export async function get(transport: Transport, question: HttpRequest): Promise<HttpResponse> {
  const timeout = AbortSignal.timeout(transport.timeoutMs);
  try {
    const response = await request(question.url, {
      headers: { accept: 'application/json', 'user-agent': 'carbon-extender', ...question.headers },
      signal: AbortSignal.any([question.signal, timeout]),
      ...(transport.dispatcher && { dispatcher: transport.dispatcher }),
    });
    const text = await readText(response.body, question.maxBytes ?? DEFAULT_MAX_BYTES);
    const retryAfter = response.headers['retry-after'];
    return {
      status: response.statusCode,
      json: parseJson(text),
      text,
      retryAfterMs: retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, transport.clock.now()),
    };
  } catch (cause) {
    if (cause instanceof NetworkError) throw cause;
    const stopped = question.signal.aborted ? 'the question was taken back' : describeNetworkFault(cause);
    const detail = timeout.aborted ? `no answer within ${transport.timeoutMs} ms` : stopped;
    throw new NetworkError(detail, false, cause);
  }
}

/** The usual meaning of an answer: undefined when it is a JSON body without `error`, else a fault by its status. */
export function classifyResponse(answer: HttpResponse): ProviderErrorReason | undefined {
  const told = (answer.json as { error?: unknown } | null | undefined)?.error;
  if (answer.status === 200) return answer.json === undefined || told !== undefined ? 'malformed' : undefined;
  if (answer.status === 429) return 'rate-limited';
  if (answer.status === 401 || answer.status === 403) return 'auth';
  if (answer.status === 404 || answer.status === 204) return 'no-data';
  if (answer.status >= 500 || answer.status === 408) return 'unavailable';
  return 'malformed';
}

/** What an error body says, at most 200 characters: its `error`, `message`, `title` or `detail`, else the start of its text. */
export function errorText(answer: HttpResponse): string {
  const body = answer.json as Record<string, unknown> | null | undefined;
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
      : answer.text
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim();
  return text.slice(0, 200) || 'an empty body';
}

/** A foreign body as our type; throws a ProviderError that names the first thing wrong with it. */
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
  throw new ProviderError({ provider, zone, fault: 'malformed', detail });
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new NetworkError(`the body is larger than ${maxBytes} bytes`, true);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeNetworkFault(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: string };
  if (code === 'EAI_AGAIN' || code === 'ENOTFOUND')
    return `the name of its host cannot be resolved (${code}); is there a way to the internet?`;
  // Codes of the DOM are numbers that tell nobody anything.
  return typeof code === 'string' ? code : (message ?? 'the connection failed');
}
