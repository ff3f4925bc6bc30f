import { type Dispatcher, request } from 'undici';
import type { Clock } from '../../shared/runtime/clock.ts';
import { retryAfterMs } from './retry-after.ts';

/** Slack truncates longer texts. */
const LONGEST_TEXT = 3_000;

/** The result of sending a message: `retry` may be sent again, `refused` must not; `reason` is Slack's own word and never contains the address. */
export type SlackDelivery =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'retry' | 'refused'; readonly reason: string; readonly afterMs?: number | undefined };

/** Sends one message to an incoming webhook. The address is a secret: it appears in no result and no error. */
export async function sendToSlack(
  webhook: string,
  text: string,
  options: { clock: Clock; timeoutMs: number; signal: AbortSignal; dispatcher?: Dispatcher | undefined },
): Promise<SlackDelivery> {
  try {
    const response = await request(webhook, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: text.slice(0, LONGEST_TEXT) }),
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
      ...(options.dispatcher && { dispatcher: options.dispatcher }),
    });
    const body = (await response.body.text()).trim();
    if (response.statusCode === 200 && body === 'ok') return { outcome: 'sent' };
    const reason = `HTTP ${response.statusCode}: ${wordOf(body)}`;
    const retryAfter = response.headers['retry-after'];
    const afterMs = retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, options.clock.now());
    const mayPass = response.statusCode === 429 || response.statusCode >= 500;
    return mayPass ? { outcome: 'retry', reason, afterMs } : { outcome: 'refused', reason };
  } catch (error) {
    const { code } = error as { code?: unknown };
    return { outcome: 'retry', reason: typeof code === 'string' ? code : `no response within ${options.timeoutMs} ms` };
  }
}

/** Slack reports errors as one word of plain text; anything else (a proxy's page) might contain the address. */
function wordOf(body: string): string {
  return /^[a-z_]{2,60}$/.test(body) ? body : 'not a response of Slack';
}
