import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { type OutboundConfig, outboundDispatcher } from '../../../shared/runtime/outbound.ts';
import { ScrapeError } from '../scrape-error.ts';

/** How a Prometheus-compatible API is reached. */
export interface PrometheusAccess {
  /** Base address, such as http://prometheus:9090 or https://mimir/prometheus. */
  readonly url: string;
  readonly bearerFile?: string | undefined;
  readonly caFile?: string | undefined;
  /** Tenant, sent as `X-Scope-OrgID`. */
  readonly tenant?: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Proxy and authorities for requests that leave the cluster; absent: none. */
  readonly outbound?: OutboundConfig | undefined;
}

/** The raw samples of one series. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970 and value, oldest first. */
  readonly samples: readonly (readonly [at: number, value: number])[];
}

const point = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string());
const success = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).nullish(),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: labels, values: z.array(point) })),
    }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: point })) }),
  ]),
});
const failure = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

const CONNECT_MS = 5_000;

/** What Prometheus, Thanos and Mimir say of a query that is too large for their limits. */
const TOO_MUCH =
  /too many samples|max(imum)? (number of )?(samples|series|chunks|bytes)|exceed(s|ed).*limit|err-mimir-max|query timed out|out of memory/i;

/** A client for the query API of Prometheus and of services that speak it: Thanos, Mimir, VictoriaMetrics. */
export class PrometheusClient implements AsyncDisposable {
  readonly #access: PrometheusAccess;
  #agent: { readonly ca: string | undefined; readonly dispatcher: Dispatcher } | undefined;

  constructor(access: PrometheusAccess) {
    this.#access = access;
  }

  /**
   * The result of an instant query at a time; with a range selector its raw samples, which `query_range` would interpolate.
   * Throws a ScrapeError with the reason: a partial result is refused, because what is missing would look like rest.
   */
  async query(query: string, at: number, signal: AbortSignal): Promise<RawSeries[]> {
    const { url, timeoutMs, maxBytes } = this.#access;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const { statusCode, body } = await request(`${url.replace(/\/$/, '')}/api/v1/query`, {
        method: 'POST',
        dispatcher: await this.#dispatcher(),
        headers: await this.#headers(),
        body: new URLSearchParams({ query, time: String(at / 1000) }).toString(),
        signal: AbortSignal.any([signal, timeout]),
      });
      return seriesOf(statusCode, await limitedText(body, maxBytes));
    } catch (error) {
      if (error instanceof ScrapeError) throw error;
      if (timeout.aborted) throw refused('timeout', `no complete response within ${timeoutMs} ms`, error);
      const { code, message } = error as NodeJS.ErrnoException;
      const broken = code === 'UND_ERR_SOCKET' || message === 'terminated';
      throw refused(broken ? 'truncated' : 'unreachable', code ?? message, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.dispatcher.destroy();
  }

  async #headers(): Promise<Record<string, string>> {
    const { bearerFile, tenant } = this.#access;
    const token = bearerFile === undefined ? undefined : await readSetting('PROMETHEUS_BEARER_FILE', bearerFile);
    return {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'carbon-extender',
      ...(token && { authorization: `Bearer ${token.trim()}` }),
      ...(tenant && { 'x-scope-orgid': tenant }),
    };
  }

  async #dispatcher(): Promise<Dispatcher> {
    const { caFile, outbound } = this.#access;
    const ca = caFile === undefined ? undefined : await readSetting('PROMETHEUS_CA_FILE', caFile);
    if (this.#agent === undefined || this.#agent.ca !== ca) {
      const before = this.#agent?.dispatcher;
      const proxied = outbound && outboundDispatcher(outbound, { ca, connectMs: CONNECT_MS });
      const direct = () => new Agent({ maxResponseSize: -1, connect: { timeout: CONNECT_MS, ...(ca && { ca }) } });
      this.#agent = { ca, dispatcher: proxied ?? direct() };
      before?.close().catch(() => undefined);
    }
    return this.#agent.dispatcher;
  }
}

/** Whether a query failed because it asked for too much at once. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof ScrapeError && error.reason === 'query-too-large';
}

function seriesOf(status: number, text: string): RawSeries[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    if (status === 200)
      throw refused(text.trimStart().startsWith('<') ? 'html' : 'foreign', 'the response is not JSON', cause);
  }
  const failed = failure.safeParse(body).data;
  if (failed !== undefined) {
    const { errorType, error } = failed;
    throw refused(TOO_MUCH.test(error) ? 'query-too-large' : 'query-refused', `HTTP ${status}, ${errorType}: ${error}`);
  }
  if (status !== 200)
    throw refused('http-status', `responds with HTTP ${status}: ${text.slice(0, 200).trim()}`, undefined, status);
  const parsed = success.safeParse(body).data;
  if (parsed === undefined) throw refused('foreign', 'the response is not that of a query API of Prometheus');
  const [warning] = parsed.warnings ?? [];
  if (warning !== undefined) throw refused('partial', `the result is partial: ${warning}`);
  const { data } = parsed;
  if (data.resultType === 'vector')
    return data.result.map(({ metric, value }) => ({ labels: metric, samples: [sampleOf(value)] }));
  return data.result.map(({ metric, values }) => ({ labels: metric, samples: values.map(sampleOf) }));
}

function sampleOf([seconds, value]: readonly [number, string]): readonly [number, number] {
  return [Math.round(seconds * 1000), Number(value)];
}

async function limitedText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw refused('query-too-large', `the response is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readSetting(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw refused(
      'unreachable',
      `${setting}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      cause,
    );
  }
}

function refused(reason: ScrapeError['reason'], detail: string, cause?: unknown, status?: number): ScrapeError {
  return new ScrapeError('prometheus', reason, detail, { cause, ...(status !== undefined && { status }) });
}
