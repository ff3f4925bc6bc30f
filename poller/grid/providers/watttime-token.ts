import { z } from 'zod';
import type { EpochMs } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { failureOf, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';

/** A token lives 30 minutes; it is renewed before that, so that it does not expire on the way. */
const RENEW_AFTER_MS = 25 * 60_000;

const loginBody = z.object({ token: z.string().min(1) });

/** Where WattTime is, and the account. */
export interface WattTimeAccount {
  /** Without `/v3`: the log-in is outside it. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
}

/** Sends requests below `/v3` with a bearer token: one log-in at a time, one renewal when the token is refused. */
export function authorized(client: ProviderClient, account: WattTimeAccount) {
  let token: { readonly value: Promise<string>; readonly at: EpochMs } | undefined;
  const logIn = async (zone: Zone, signal: AbortSignal): Promise<string> => {
    const basic = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    client.redact(basic);
    const url = `${account.baseUrl}/login`;
    const response = await client.fetch({ zone, url, headers: { authorization: `Basic ${basic}` }, signal });
    const { token: value } = parseAs(loginBody, response.json, client.provider, zone);
    client.redact(value);
    return value;
  };
  const currentToken = (zone: Zone, signal: AbortSignal) => {
    if (token && client.now() - token.at < RENEW_AFTER_MS) return token;
    const renewed = { value: logIn(zone, signal), at: client.now() };
    token = renewed;
    renewed.value.catch(() => forget(renewed));
    return renewed;
  };
  const forget = (refused: typeof token) => {
    if (token === refused) token = undefined;
  };
  return async (path: string, zone: Zone, signal: AbortSignal, background = false): Promise<HttpResponse> => {
    for (const last of [false, true]) {
      const used = currentToken(zone, signal);
      const headers = { authorization: `Bearer ${await used.value}` };
      const url = `${account.baseUrl}/v3/${path}`;
      try {
        return await client.fetch({ zone, url, headers, signal, classify, pausesOnAuth: last, background });
      } catch (error) {
        if (last || failureOf(error).reason !== 'auth') throw error;
        forget(used);
      }
    }
    throw new Error('unreachable: the second pass returns or throws');
  };
}

/** A 403 with JSON is the plan's limit; one with the web server's HTML, and any 401, is a token that is no longer good. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  if (response.status === 403 && response.json !== undefined) return 'not-covered';
  if (response.status === 404 && response.json !== undefined) return 'not-covered';
  return classifyResponse(response);
}
