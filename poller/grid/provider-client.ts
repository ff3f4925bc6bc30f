import pLimit from 'p-limit';
import { MAX_INTENSITY } from '../../shared/grid/intensity.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { createDataIssueReport, type DataIssueReporter } from './data-issues.ts';
import type { ProviderClientMetrics } from './grid-metrics.ts';
import {
  classifyResponse,
  errorText,
  get,
  type HttpRequest,
  type HttpResponse,
  NetworkError,
  type Transport,
} from './http-client.ts';
import { ProviderError, type ProviderErrorReason, type ProviderFailure } from './provider.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createAdmission } from './request-admission.ts';
import { createProviderBackoff, createSpacing, type ProviderBackoff } from './request-pacing.ts';

/** Shorter texts occur by chance and are not redacted. */
const SHORTEST_SECRET = 4;
/** Spaced requests stay in their queue through a pause of up to this length, in milliseconds. */
const LONGEST_QUEUE_WAIT_MS = 60_000;

/** What a client of one provider needs. */
export interface ProviderClientOptions extends Transport {
  readonly provider: string;
  readonly requestsPerHour: number;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Shortest time between the starts of two requests, in milliseconds; absent: none. Implies one request at a time. */
  readonly spacingMs?: number | undefined;
  /** Longest time for which a provider that was down stays unused, in milliseconds: the poll interval. Absent: 10 minutes. */
  readonly longestPauseMs?: number | undefined;
  /** Texts that are removed from every message of the provider. */
  readonly secrets?: readonly string[];
  readonly metrics?: ProviderClientMetrics | undefined;
  readonly logger?: Logger | undefined;
  /** Largest intensity that is used, in gCO2eq/kWh. */
  readonly maxIntensity?: number;
  readonly random?: () => number;
}

/** A request on behalf of a zone. */
export interface ProviderRequest extends HttpRequest {
  readonly zone: Zone;
  /** Why a response cannot be used; undefined when it can. Absent: by status, see {@link classifyResponse}. */
  readonly classify?: (response: HttpResponse) => ProviderErrorReason | undefined;
  /** False where refused credentials can be renewed at once. */
  readonly pausesOnAuth?: boolean;
  /** Background requests are sent only while much of the rate limit is left. */
  readonly background?: boolean;
}

/** The only way to send requests to a provider: rate-limited, bounded, with backoff, circuit breaker, metrics and redaction. */
export interface ProviderClient extends DataIssueReporter {
  readonly provider: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Removes a text from every later message of the provider. */
  redact(secret: string): void;
  /** A usable response; throws a ProviderError for everything else. */
  fetch(request: ProviderRequest): Promise<HttpResponse>;
}

/** Makes the client of a provider; every adapter has exactly one. */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { provider, clock, metrics, longestPauseMs, random, spacingMs } = options;
  const secrets = new Set<string>();
  const redact = (secret: string) => void (secret.length >= SHORTEST_SECRET && secrets.add(secret));
  options.secrets?.forEach(redact);
  const errorOf = errorMaker(provider, secrets);
  const limit = pLimit(spacingMs ? 1 : options.concurrency);
  const spaced = spacingMs ? createSpacing(clock, spacingMs) : undefined;
  const breaker = createCircuitBreaker(clock, longestPauseMs);
  const backoff = createProviderBackoff({ clock, random, longestMs: longestPauseMs });
  const limiter = createRateLimiter(options.requestsPerHour, clock);
  const admission = createAdmission({ breaker, backoff, limiter, perHour: options.requestsPerHour });
  const classified = (request: ProviderRequest, response: HttpResponse): HttpResponse => {
    metrics?.responded(provider, String(response.status));
    const failure = failureOfResponse(request, response, breaker, backoff);
    if (failure) throw errorOf(request, failure);
    return response;
  };
  const unanswered = (request: ProviderRequest, error: unknown): unknown => {
    if (!(error instanceof NetworkError)) return error;
    metrics?.responded(provider, 'none');
    // A request that was cancelled because the poller stops does not count against the provider.
    if (!request.signal.aborted && error.reason === 'unreachable') breaker.failed();
    const reason = error.reason === 'too-large' ? 'malformed' : 'unavailable';
    return errorOf(request, { reason, detail: error.message, cause: error.cause });
  };
  const takeTurn = async (signal: AbortSignal): Promise<void> => {
    await spaced?.(signal);
    const paused = spaced && backoff.remaining();
    if (paused?.reason === 'rate-limited' && paused.ms <= LONGEST_QUEUE_WAIT_MS) await clock.sleep(paused.ms, signal);
  };
  const send = async (request: ProviderRequest): Promise<HttpResponse> => {
    await takeTurn(request.signal);
    const admitted = await admission.admit(request);
    if (admitted.refusal) {
      metrics?.throttled(provider, admitted.refusal.cause);
      const { cause, ...facts } = admitted.refusal;
      throw errorOf(request, { ...facts, throttled: true });
    }
    try {
      return classified(request, await get(options, request));
    } catch (error) {
      throw unanswered(request, error);
    } finally {
      admitted.done();
      metrics?.state(provider, limiter.remaining(), breaker.open);
    }
  };
  return {
    provider,
    maxIntensity: options.maxIntensity ?? MAX_INTENSITY,
    now: () => clock.now(),
    redact,
    report: createDataIssueReport(options),
    fetch: (request) => limit(() => send(request)),
  };
}

/** Records how a request ended with the breaker and the backoff; the facts of its failure, undefined for a usable response. */
function failureOfResponse(
  request: ProviderRequest,
  response: HttpResponse,
  breaker: CircuitBreaker,
  backoff: ProviderBackoff,
): Omit<ProviderFailure, 'provider' | 'zone'> | undefined {
  const reason = (request.classify ?? classifyResponse)(response);
  if (reason === 'unavailable') breaker.failed();
  else breaker.succeeded();
  backoff.record(reason, response.retryAfterMs, request.pausesOnAuth ?? true);
  if (reason === undefined) return undefined;
  const { status } = response;
  const retryAfterMs = response.retryAfterMs ?? (reason === 'rate-limited' ? backoff.remaining()?.ms : undefined);
  return { reason, detail: errorText(response), status, retryAfterMs };
}

/** Makes errors with the provider's message in them, and without any secret. */
function errorMaker(provider: string, secrets: ReadonlySet<string>) {
  return (request: ProviderRequest, facts: Omit<ProviderFailure, 'provider' | 'zone'>): ProviderError => {
    let { detail } = facts;
    for (const secret of secrets) detail = detail.replaceAll(secret, '***');
    return new ProviderError({ provider, zone: request.zone, ...facts, detail });
  };
}
