import { type Joules, joules } from '../grid/units.ts';
import { type NodePowerModel, wattsAt } from './node-model.ts';

/** What a node did over an interval. */
export interface NodeInterval {
  readonly seconds: number;
  /** CPU time of everything that ran on it. */
  readonly cpuSeconds: number;
}

/** What a container did over an interval of its own. */
export interface ContainerInterval extends NodeInterval {
  /** Memory that it held. */
  readonly memoryBytes: number;
}

/** How a node's modelled energy over an interval is shared out. */
export interface NodeAllocation {
  /** Energy drawn while idle, that of memory included. */
  readonly idle: Joules;
  /** Energy drawn on top of it, for the CPU time of the interval. */
  readonly dynamic: Joules;
  /** Of the dynamic energy, the part of a container by its CPU time; of the idle energy, the part by its memory. */
  readonly of: (container: ContainerInterval) => { readonly dynamic: Joules; readonly memory: Joules };
}

/** Shares the energy of a node over an interval: what is dynamic by CPU seconds, what is memory's by bytes and time. */
export function allocate(model: NodePowerModel, { seconds, cpuSeconds }: NodeInterval): NodeAllocation {
  const idle = model.watts.idle * seconds;
  const dynamic = wattsAt(model, cpuSeconds / (seconds * model.vcpus)) * seconds - idle;
  const perCpuSecond = cpuSeconds > 0 ? dynamic / cpuSeconds : 0;
  const perByteSecond = model.memoryGb > 0 ? model.memoryWatts / (model.memoryGb * 1e9) : 0;
  return {
    idle: joules(idle),
    dynamic: joules(dynamic),
    of: (container) => ({
      dynamic: joules(container.cpuSeconds * perCpuSecond),
      memory: joules(container.memoryBytes * container.seconds * perByteSecond),
    }),
  };
}
