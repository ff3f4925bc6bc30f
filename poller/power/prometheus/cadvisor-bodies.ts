import type { NodeMachine } from '../../../shared/records/node-machines.ts';
import type { ContainerUsage, KubeletUsage } from '../usage/kubelet-body.ts';
import type { RawSeries } from './prometheus-client.ts';

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_working_set_bytes';
const STARTED = 'container_start_time_seconds';
/** A container whose last sample is older is gone. */
const STALE_MS = 60_000;

// A pod's own cgroup and its pause container hold the same time again; so do rows of single CPUs.
const CONTAINERS = 'container!="",container!="POD",cpu=~"|total"';

/** Selector of what is read of cAdvisor by container. */
export const CONTAINER_SELECTOR = `{__name__=~"${CPU}|${MEMORY}|${STARTED}",${CONTAINERS}}`;
/** Selector of the CPU time of whole nodes: that of the root of all cgroups. */
export const NODE_SELECTOR = `${CPU}{id="/",cpu=~"|total"}`;
/** Selector of what says how large a node is. */
export const MACHINE_SELECTOR = '{__name__=~"machine_cpu_cores|machine_memory_bytes"}';

/** The node that a series is of: as the scrape was labelled, else the host that was scraped. */
export function nodeOf({ node, instance = '' }: Readonly<Record<string, string>>): string {
  return node ?? instance.replace(/:\d+$/, '');
}

/** CPUs and memory of nodes. */
export function machinesOf(series: readonly RawSeries[]): ReadonlyMap<string, NodeMachine> {
  const machines = new Map<string, NodeMachine>();
  for (const { labels, samples } of series) {
    const value = samples.at(-1)?.[1];
    if (value === undefined || !(value > 0)) continue;
    const node = nodeOf(labels);
    const part = labels.__name__ === 'machine_cpu_cores' ? { vcpus: value } : { memoryGb: value / 1e9 };
    machines.set(node, { ...machines.get(node), ...part });
  }
  return machines;
}

/**
 * What a kubelet would have shown of a node at each time at which cAdvisor measured the node as a whole after a time,
 * oldest first: of each container its newest values until then.
 */
export function usageBodies(root: RawSeries, containers: readonly RawSeries[], after: number): KubeletUsage[] {
  const of = (metric: string) => containers.filter(({ labels }) => labels.__name__ === metric);
  const [cpu, memory, started] = [of(CPU), byCgroup(of(MEMORY)), byCgroup(of(STARTED))];
  return root.samples
    .filter(([at, value]) => at > after && value >= 0)
    .map(([at, cpuSeconds]) => {
      const newest = new Map<string, ContainerUsage>();
      for (const { labels, samples } of cpu) {
        const usage = usageAt({ labels, samples }, at, memory, started);
        if (usage === undefined) continue;
        const key = `${usage.namespace}/${usage.pod}/${usage.container}`;
        // A container that was restarted has a cgroup of its own: the newest one is the running one.
        if ((newest.get(key)?.at ?? 0) < usage.at) newest.set(key, usage);
      }
      return { node: { cpuSeconds, at }, containers: [...newest.values()], partial: false, malformed: 0 };
    });
}

function usageAt(
  { labels, samples }: RawSeries,
  until: number,
  memory: ReadonlyMap<string, RawSeries>,
  started: ReadonlyMap<string, RawSeries>,
): ContainerUsage | undefined {
  const last = newestAt(samples, until);
  if (last === undefined || until - last[0] > STALE_MS || !(last[1] >= 0)) return undefined;
  const { namespace = '', pod = '', container = '', id = '' } = labels;
  const startSeconds = newestAt(started.get(id)?.samples ?? [], until)?.[1];
  return {
    ...{ namespace, pod, container, cpuSeconds: last[1], at: last[0] },
    memoryBytes: newestAt(memory.get(id)?.samples ?? [], until)?.[1],
    startedAt: startSeconds === undefined ? undefined : Math.round(startSeconds * 1000),
  };
}

function newestAt(samples: RawSeries['samples'], until: number) {
  return samples.findLast(([at]) => at <= until);
}

function byCgroup(series: readonly RawSeries[]): ReadonlyMap<string, RawSeries> {
  return new Map(series.map((one) => [one.labels.id ?? '', one]));
}
