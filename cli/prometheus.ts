import { z } from 'zod';
import type { TimeRange } from '../shared/records/power.ts';
import { cliError } from './errors.ts';

/** Timeout of a query, in milliseconds. */
const TIMEOUT_MS = 30_000;

const queryResponse = z.union([
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

/** The single number that a PromQL query returns at the end of a period; `$interval` in it is the period's length. */
export async function queryPrometheus(url: string, query: string, { from, to }: TimeRange): Promise<number> {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`);
  address.searchParams.set('query', query.replaceAll('$interval', `${Math.round((to - from) / 1000)}s`));
  address.searchParams.set('time', String(to / 1000));
  const parsed = queryResponse.safeParse(await fetchJson(address));
  if (!parsed.success)
    throw cliError('PROMETHEUS_UNREACHABLE', { url: address.origin, reason: 'not a response of Prometheus' });
  if (parsed.data.status === 'error') throw cliError('PROMETHEUS_QUERY_FAILED', { reason: parsed.data.error });
  const { data } = parsed.data;
  const values = data.resultType === 'scalar' ? [data.result[1]] : data.result.map(({ value }) => value[1]);
  const [value, ...others] = values.map(Number);
  if (value !== undefined && others.length === 0 && Number.isFinite(value)) return value;
  if (values.length > 1) throw cliError('PROMETHEUS_SERIES_NOT_AGGREGATED', { series: values.length });
  throw cliError('PROMETHEUS_NO_NUMBER', {});
}

const rangeResponse = z.union([
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({
    status: z.literal('success'),
    data: z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          values: z.array(z.tuple([z.number(), z.string()])),
        }),
      ),
    }),
  }),
]);

/** One series of a query: its labels, and its values at the ends of hours. Values that are not numbers are left out. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly { readonly time: number; readonly value: number }[];
}

/** The series that a PromQL query returns at the end of each hour of a period; `$interval` in it is an hour. */
export async function queryPrometheusHours(
  url: string,
  query: string,
  { from, to }: TimeRange,
): Promise<readonly PrometheusSeries[]> {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/query_range`);
  address.searchParams.set('query', query.replaceAll('$interval', '3600s'));
  address.searchParams.set('start', String(from / 1000 + 3600));
  address.searchParams.set('end', String(to / 1000));
  address.searchParams.set('step', '3600');
  const parsed = rangeResponse.safeParse(await fetchJson(address));
  if (!parsed.success)
    throw cliError('PROMETHEUS_UNREACHABLE', { url: address.origin, reason: 'not a response of Prometheus' });
  if (parsed.data.status === 'error') throw cliError('PROMETHEUS_QUERY_FAILED', { reason: parsed.data.error });
  const series = parsed.data.data.result.map(({ metric, values }) => ({
    labels: metric,
    values: values
      .map(([time, value]) => ({ time: time * 1000, value: Number(value) }))
      .filter(({ value }) => Number.isFinite(value)),
  }));
  if (series.every(({ values }) => values.length === 0)) throw cliError('PROMETHEUS_NO_NUMBER', {});
  return series;
}

async function fetchJson(address: URL): Promise<unknown> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return await response.json();
  } catch (error) {
    throw cliError('PROMETHEUS_UNREACHABLE', { url: address.origin, reason: (error as Error).message });
  }
}
