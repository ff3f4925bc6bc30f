import { type Dispatcher, request } from 'undici';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Zone } from '../../shared/zones.ts';
import { ProviderError, type ProviderFault } from './provider.ts';
import { retryAfterMs } from './retry-after.ts';

/** How a provider's adapter reaches its service. */
export interface Asker {
  readonly clock: Clock;
  /** Longest wait for one answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly dispatcher?: Dispatcher | undefined;
}

/** One question to a provider. */
export interface Question {
  readonly provider: string;
  readonly zone: Zone;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Largest body taken, in bytes. */
  readonly maxBytes?: number;
}

/** An answer as it came, before anybody says what it means. */
export interface Answer {
  readonly status: number;
  /** The body as JSON; undefined when it is something else. */
  readonly json: unknown;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Sends a GET and reads the whole answer within the time-out; network faults and oversized bodies become ProviderErrors. */
export async function ask(asker: Asker, question: Question): Promise<Answer> {
  const { provider, zone } = question;
  const timeout = AbortSignal.timeout(asker.timeoutMs);
  try {
    const response = await request(question.url, {
      headers: { accept: 'application/json', 'user-agent': 'carbon-extender', ...question.headers },
      signal: AbortSignal.any([question.signal, timeout]),
      ...(asker.dispatcher && { dispatcher: asker.dispatcher }),
    });
    const text = await readText(response.body, question.maxBytes ?? DEFAULT_MAX_BYTES);
    const retryAfter = response.headers['retry-after'];
    return {
      status: response.statusCode,
      json: parseJson(text),
      text,
      retryAfterMs: retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, asker.clock.now()),
    };
  } catch (cause) {
    if (cause instanceof OversizedError)
      throw new ProviderError({ provider, zone, fault: 'malformed', detail: cause.message });
    const detail = timeout.aborted ? `no answer within ${asker.timeoutMs} ms` : describeNetworkFault(cause);
    throw new ProviderError({ provider, zone, fault: 'unavailable', detail, cause });
  }
}

/** The usual meaning of a status that is not 200; 401 and 403 need the provider's own reading. */
export function faultOfStatus(status: number): ProviderFault {
  if (status === 429) return 'rate-limited';
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'no-data';
  if (status >= 500 || status === 408) return 'unavailable';
  return 'malformed';
}

/** What a provider's error body says: its `message` or `error`, else the start of its text. */
export function errorText(answer: Answer): string {
  const body = answer.json as { error?: unknown; message?: unknown } | null | undefined;
  const texts = [body?.error, body?.message].filter((part): part is string => typeof part === 'string' && part !== '');
  const text =
    texts.length > 0
      ? texts.join(': ')
      : answer.text
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim();
  return text.slice(0, 200) || 'an empty body';
}

class OversizedError extends Error {}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new OversizedError(`the body is larger than ${maxBytes} bytes`);
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
  const error = cause as { code?: string; message?: string };
  return error.code ?? error.message ?? 'the connection failed';
}
