import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { z } from 'zod';
import { ScrapeError } from '../scrape-error.ts';

/** CPU time and memory of a container, as the kubelet has them. */
export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** CPU seconds since the container started. */
  readonly cpuSeconds: number;
  /** When the kubelet measured, milliseconds since 1970. */
  readonly at: number;
  /** Working set; absent where the kubelet does not have it. */
  readonly memoryBytes?: number | undefined;
  /** When the container started, milliseconds since 1970; absent where the kubelet does not have it. */
  readonly startedAt?: number | undefined;
}

/** One body of a kubelet's `/metrics/resource`. */
export interface KubeletUsage {
  /** CPU seconds of everything on the node since it started, and when the kubelet measured. */
  readonly node: { readonly cpuSeconds: number; readonly at: number };
  readonly containers: readonly ContainerUsage[];
  /** The kubelet could not measure some containers; those that are here are right. */
  readonly partial: boolean;
  /** Samples that were left out because they are not valid. */
  readonly malformed: number;
}

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_working_set_bytes';
const STARTED = 'container_start_time_seconds';
const NODE_CPU = 'node_cpu_usage_seconds_total';
/** Renamed in Kubernetes 1.29; it is in every body, after all metrics that are read here or before them. */
const SCRAPE_ERRORS = ['resource_scrape_error', 'scrape_error'];

const families = z.array(
  z.object({
    name: z.string(),
    metrics: z.array(
      z.object({
        value: z.string().default(''),
        labels: z.record(z.string(), z.string()).default({}),
        timestamp_ms: z.string().optional(),
      }),
    ),
  }),
);
type Samples = z.output<typeof families>[number]['metrics'];

/** Reads a body; throws a ScrapeError where it is a page, ends too early, or is not a kubelet's. */
export function readKubeletUsage(target: string, text: string): KubeletUsage {
  if (text.trimStart().startsWith('<')) throw new ScrapeError(target, 'html', 'an HTML page instead of metrics');
  // The parser drops a last line without its newline, and `12` may be the beginning of `1234.5`.
  if (!text.endsWith('\n')) throw new ScrapeError(target, 'truncated', 'the body ends inside a line');
  const byName = familiesOf(target, text);
  const errors = SCRAPE_ERRORS.flatMap((name) => byName.get(name) ?? []);
  const [node] = byName.get(NODE_CPU) ?? [];
  if (errors.length === 0 || node === undefined) {
    const known = byName.has(CPU) || errors.length > 0;
    if (known) throw new ScrapeError(target, 'truncated', `the body has no ${node ? SCRAPE_ERRORS[0] : NODE_CPU}`);
    throw new ScrapeError(target, 'foreign', 'not a body of /metrics/resource: it has no CPU time of containers');
  }
  const nodeSample = { cpuSeconds: counter(node.value), at: Number(node.timestamp_ms) };
  if (nodeSample.cpuSeconds === undefined || !(nodeSample.at > 0))
    throw new ScrapeError(target, 'foreign', `${NODE_CPU} has no valid value and time`);
  const { containers, malformed } = containersOf(byName);
  return {
    node: { cpuSeconds: nodeSample.cpuSeconds, at: nodeSample.at },
    containers,
    partial: errors.some(({ value }) => Number(value) !== 0),
    malformed,
  };
}

function familiesOf(target: string, text: string): ReadonlyMap<string, Samples> {
  try {
    const byName = new Map<string, Samples>();
    // The package gives a family that is opened twice as two.
    for (const { name, metrics } of families.parse(parsePrometheusTextFormat(text)))
      byName.set(name, [...(byName.get(name) ?? []), ...metrics]);
    return byName;
  } catch (cause) {
    throw new ScrapeError(target, 'foreign', `the body is not valid Prometheus text: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function containersOf(byName: ReadonlyMap<string, Samples>) {
  const memory = valuesByContainer(byName.get(MEMORY));
  const started = valuesByContainer(byName.get(STARTED));
  const containers: ContainerUsage[] = [];
  let malformed = 0;
  for (const { value, labels, timestamp_ms } of byName.get(CPU) ?? []) {
    const cpuSeconds = counter(value);
    const at = Number(timestamp_ms);
    const { namespace = '', pod = '', container = '' } = labels;
    if (cpuSeconds === undefined || !(at > 0) || container === '') malformed += 1;
    else {
      const key = keyOf(labels);
      const startSeconds = started.get(key);
      const startedAt = startSeconds === undefined ? undefined : Math.round(startSeconds * 1000);
      containers.push({ namespace, pod, container, cpuSeconds, at, memoryBytes: memory.get(key), startedAt });
    }
  }
  return { containers, malformed };
}

function valuesByContainer(samples: Samples = []): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const { value, labels } of samples) {
    const number = counter(value);
    if (number !== undefined) values.set(keyOf(labels), number);
  }
  return values;
}

function keyOf({ namespace = '', pod = '', container = '' }: Readonly<Record<string, string>>): string {
  return `${namespace}/${pod}/${container}`;
}

/** A finite number from 0 on; the parser hands texts through as they are. */
function counter(text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return value >= 0 && value < Infinity ? value : undefined;
}
