import pLimit from 'p-limit';
import type { Zone } from '../../shared/grid/zones.ts';
import { circuit } from './circuit-breaker.ts';
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
import { hourlyBudget } from './rate-limiter.ts';

/** Shorter texts are too common to be struck out. */
const SHORTEST_SECRET = 4;
/** Refused credentials are not tried again for this long. */
const AUTH_PAUSE_MS = 15 * 60_000;
/** Pause after a 429 that names none; doubled with each further one, with jitter. */
const FIRST_RATE_PAUSE_MS = 1_000;
const LONGEST_RATE_PAUSE_MS = 15 * 60_000;

/** What a line to a provider is made of. */
export interface ProviderClientOptions extends Transport {
  readonly provider: string;
  readonly requestsPerHour: number;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Texts that must never appear in what the provider is quoted with. */
  readonly secrets?: readonly string[];
  readonly metrics?: ProviderClientMetrics | undefined;
  readonly random?: () => number;
}

/** A question asked on behalf of a zone. */
export interface ProviderRequest extends HttpRequest {
  readonly zone: Zone;
  /** What an answer means; undefined: a usable body. Without it the usual meaning of statuses holds. */
  readonly faultOf?: (answer: HttpResponse) => ProviderErrorReason | undefined;
  /** False where a refused credential can be renewed at once. */
  readonly pausesOnAuth?: boolean;
  /** Nice to have: only sent while the budget is far from used up. */
  readonly extra?: boolean;
}

/** The one way to a provider: within its budget, bounded, patient when told to wait, and silent while it is down. */
export interface ProviderClient {
  readonly provider: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Keeps a text out of everything that the provider is quoted with. */
  hide(secret: string): void;
  /** A usable answer; throws a ProviderError for everything else. */
  ask(question: ProviderRequest): Promise<HttpResponse>;
}

/** Opens a line; every adapter of a provider has exactly one. */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { provider, clock, metrics } = options;
  const hidden = new Set<string>();
  const hide = (secret: string) => void (secret.length >= SHORTEST_SECRET && hidden.add(secret));
  options.secrets?.forEach(hide);
  const failure = failures(provider, hidden);
  const limit = pLimit(options.concurrency);
  const breaker = circuit(clock);
  const hold = pause(options);
  const budget = hourlyBudget(options.requestsPerHour, clock);
  const admit = (question: ProviderRequest): Refusal | undefined => {
    const held = hold.reason();
    if (held) return held;
    const probeIn = breaker.closedIn();
    if (probeIn > 0)
      return { reason: 'circuit', fault: 'unavailable', detail: 'not asked: it failed too often in a row' };
    if (budget.take(question.extra ?? false)) return undefined;
    const detail = `not asked: the budget of ${options.requestsPerHour} requests an hour is used up for now`;
    return { reason: 'budget', fault: 'rate-limited', detail };
  };
  const send = async (question: ProviderRequest): Promise<HttpResponse> => {
    const refusal = question.signal.aborted ? STOPPED : admit(question);
    if (refusal) {
      metrics?.refused(provider, refusal.reason);
      throw failure(question, { ...refusal, notSent: true });
    }
    try {
      const answer = await get(options, question);
      const fault = (question.faultOf ?? classifyResponse)(answer);
      metrics?.answered(provider, String(answer.status));
      if (fault === 'unavailable') breaker.failed();
      else breaker.succeeded();
      hold.learn(fault, answer.retryAfterMs, question.pausesOnAuth ?? true);
      if (fault === undefined) return answer;
      const { status } = answer;
      const retryAfterMs = answer.retryAfterMs ?? (fault === 'rate-limited' ? hold.reason()?.retryAfterMs : undefined);
      throw failure(question, { fault, detail: errorText(answer), status, retryAfterMs });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      metrics?.answered(provider, 'none');
      // A stop of the poller says nothing about the provider.
      if (!question.signal.aborted && !error.oversized) breaker.failed();
      const fault = error.oversized ? 'malformed' : 'unavailable';
      throw failure(question, { fault, detail: error.message, cause: error.cause });
    } finally {
      metrics?.state(provider, budget.remaining(), breaker.open);
    }
  };
  return { provider, now: () => clock.now(), hide, ask: (question) => limit(() => send(question)) };
}

interface Refusal {
  readonly reason: 'budget' | 'circuit' | 'pause' | 'stopped';
  readonly fault: ProviderErrorReason;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

const STOPPED: Refusal = { reason: 'stopped', fault: 'unavailable', detail: 'not asked: the poller is stopping' };

/** Remembers until when a provider asked to be left alone; it holds for all zones, because limits are counted by key. */
function pause(options: ProviderClientOptions) {
  const { clock, random = Math.random } = options;
  let until = Number.NEGATIVE_INFINITY;
  let fault: 'rate-limited' | 'auth' = 'rate-limited';
  let inARow = 0;
  return {
    reason(): Refusal | undefined {
      const left = until - clock.monotonic();
      if (left <= 0) return undefined;
      if (fault === 'auth') return { reason: 'pause', fault, detail: 'not asked: it refused the credentials' };
      return { reason: 'pause', fault, detail: 'not asked: it told us to wait', retryAfterMs: left };
    },
    learn(told: ProviderErrorReason | undefined, retryAfterMs: number | undefined, pausesOnAuth: boolean): void {
      inARow = told === 'rate-limited' ? inARow + 1 : 0;
      const applies =
        told === 'rate-limited' ||
        (told === 'auth' && pausesOnAuth) ||
        (told === 'unavailable' && retryAfterMs !== undefined);
      if (!applies) return;
      fault = told === 'auth' ? 'auth' : 'rate-limited';
      const unasked = Math.min(FIRST_RATE_PAUSE_MS * 2 ** (inARow - 1), LONGEST_RATE_PAUSE_MS) * (0.5 + random() / 2);
      until = clock.monotonic() + (retryAfterMs ?? (told === 'auth' ? AUTH_PAUSE_MS : unasked));
    },
  };
}

/** Makes errors that quote the provider without any secret. */
function failures(provider: string, hidden: ReadonlySet<string>) {
  return (question: ProviderRequest, facts: Omit<ProviderFailure, 'provider' | 'zone'>): ProviderError => {
    let { detail } = facts;
    for (const secret of hidden) detail = detail.replaceAll(secret, '***');
    return new ProviderError({ provider, zone: question.zone, ...facts, detail });
  };
}
