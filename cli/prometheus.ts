import { z } from 'zod';
import { CalculatorError } from '../shared/calculator/error.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { Unavailable } from './faults.ts';

/** Longest wait for Prometheus, in milliseconds. */
const TIMEOUT_MS = 30_000;

const answer = z.union([
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({
    status: z.literal('success'),
    data: z.union([
      z.object({ resultType: z.literal('scalar'), result: z.tuple([z.number(), z.string()]) }),
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })),
      }),
    ]),
  }),
]);

/** The one number that a PromQL query gives at the end of a period; `$interval` in it is the period's length. */
export async function askPrometheus(url: string, query: string, { from, to }: TimeRange): Promise<number> {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`);
  address.searchParams.set('query', query.replaceAll('$interval', `${Math.round((to - from) / 1000)}s`));
  address.searchParams.set('time', String(to / 1000));
  const parsed = answer.safeParse(await fetched(address));
  if (!parsed.success) throw new Unavailable(`${address.origin} did not answer as Prometheus does`);
  if (parsed.data.status === 'error')
    throw new CalculatorError('bad-number', `Prometheus refused the query: ${parsed.data.error}`);
  const { data } = parsed.data;
  const values = data.resultType === 'scalar' ? [data.result[1]] : data.result.map(({ value }) => value[1]);
  const [value, ...others] = values.map(Number);
  if (value !== undefined && others.length === 0 && Number.isFinite(value)) return value;
  throw new CalculatorError(
    'no-data',
    values.length > 1
      ? `the Prometheus query gives ${values.length} series; sum(…) makes one of them`
      : 'the Prometheus query gives no number for this period',
  );
}

async function fetched(address: URL): Promise<unknown> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return await response.json();
  } catch (error) {
    throw new Unavailable(`Prometheus at ${address.origin} cannot be reached (${(error as Error).message})`);
  }
}
