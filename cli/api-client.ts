import { z } from 'zod';
import { type Environment, httpUrl, loadConfig } from '../shared/runtime/config.ts';
import { cliError } from './errors.ts';

/** Timeout of a request, in milliseconds. */
const TIMEOUT_MS = 30_000;

const problem = z.object({
  detail: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** Settings of the commands that can read a running API. */
export const apiSettings = {
  CARBON_API: httpUrl()
    .optional()
    .describe('Address of a running API that the reporting commands read instead of a store: http://localhost:5001'),
  CARBON_API_TOKEN: z.string().optional().meta({
    secret: true,
    description: 'Bearer token for CARBON_API, where the API has an API_TOKEN',
  }),
};

const schema = z.object(apiSettings);

/** A running API that commands read from instead of a store. */
export interface ApiClient {
  readonly url: string;
  /** The JSON of a response that matches a schema; throws a coded error otherwise. */
  get<Output>(path: string, schema: z.ZodType<Output>): Promise<Output>;
  /** The body of a response of any size, while it arrives; throws a coded error, also when it is cut off. */
  stream(path: string): AsyncIterable<Uint8Array>;
}

/** The API that CARBON_API names, with the bearer token of CARBON_API_TOKEN; undefined when it is not set. Responses are waited for 30 seconds unless another time is given, in milliseconds. */
export function apiClient(env: Environment, timeoutMs = TIMEOUT_MS): ApiClient | undefined {
  const { CARBON_API: address, CARBON_API_TOKEN: token } = loadConfig('carbon', schema, env);
  if (address === undefined) return undefined;
  const url = address.replace(/\/+$/, '');
  const headers = { Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  return {
    url,
    async get(path, schema) {
      const response = await request(url, path, { headers, signal: AbortSignal.timeout(timeoutMs) });
      const body: unknown = await response.json().catch(() => undefined);
      checkStatus(url, response, body);
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw cliError('API_UNREACHABLE', { url, reason: `${path} is not a response of this API` });
    },
    async *stream(path) {
      const response = await request(url, path, { headers: { ...headers, Accept: '*/*' } });
      if (!response.ok) checkStatus(url, response, await response.json().catch(() => undefined));
      try {
        yield* response.body ?? [];
      } catch (error) {
        throw unreachable(url, error as Error);
      }
    },
  };
}

async function request(url: string, path: string, init: RequestInit): Promise<Response> {
  return fetch(url + path, init).catch((error: Error) => {
    throw unreachable(url, error);
  });
}

function unreachable(url: string, error: Error): Error {
  return cliError('API_UNREACHABLE', { url, reason: String(error.cause ?? error.message) });
}

function checkStatus(url: string, { status, ok }: Response, body: unknown): void {
  if (status === 401) throw cliError('API_UNAUTHORIZED', { url });
  if (!ok) throw cliError('API_REQUEST_REJECTED', { url, reason: reasonOf(body, status) });
}

function reasonOf(body: unknown, status: number): string {
  const { data } = problem.safeParse(body);
  const issues = (data?.errors ?? []).map(({ pointer, detail }) => `${pointer.replace(/^\//, '')} ${detail}`);
  return issues.join('; ') || data?.detail || `status ${status}`;
}
