import { IDLE } from '../../../shared/records/power.ts';
import type { ExpositionSample } from '../exposition/scanner.ts';
import { type Counter, KeplerBodyError, type KeplerScrape, type NodeUsage } from '../observation.ts';
import { sumOf, ZoneJoules } from './zone-joules.ts';

const CPU = 'kepler_container_cpu_joules_total';
const GPU = 'kepler_container_gpu_joules_total';
const PROCESS = 'kepler_process_cpu_joules_total';
const POD = 'kepler_pod_cpu_joules_total';
const NODE = 'kepler_node_cpu_joules_total';
const NODE_ACTIVE = 'kepler_node_cpu_active_joules_total';
const NODE_IDLE = 'kepler_node_cpu_idle_joules_total';
const NODE_GPU = 'kepler_node_gpu_joules_total';
const PLATFORM = 'kepler_platform_watts';
const USAGE = 'kepler_node_cpu_usage_ratio';
const PROCESSOR = 'kepler_node_cpu_info';
const BUILD = 'kepler_build_info';

/** What is read of a body of Kepler from 0.10 on. The GPU metric's name is also one of the classic generation's. */
export const REWRITE_METRICS: readonly string[] = [
  CPU,
  GPU,
  PROCESS,
  POD,
  NODE,
  NODE_ACTIVE,
  NODE_IDLE,
  NODE_GPU,
  PLATFORM,
  USAGE,
  PROCESSOR,
  BUILD,
];

interface Container {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly podId: string;
  /** Joules by energy zone. */
  readonly zones: Map<string, number>;
  /** Joules by GPU; under an empty name where the exporter adds them up. */
  readonly gpus: Map<string, number>;
}

/** Collects a body of Kepler from 0.10 on: containers with their pod's id, and the pods' names beside them. */
export class RewriteBody {
  readonly #containers = new Map<string, Container>();
  /** Processes, which are read where Kepler shows no containers. */
  readonly #processes = new Map<string, Container>();
  readonly #pods = new Map<string, { namespace: string; pod: string }>();
  readonly #zones = new Set<string>();
  /** Idle joules of nodes by zone. */
  readonly #idle = new ZoneJoules();
  /** Joules that nodes used while not idle, by zone. */
  readonly #active = new ZoneJoules();
  /** Joules of whole nodes by zone. */
  readonly #whole = new ZoneJoules();
  /** Watts of whole machines by node: a controller may show several chassis. */
  readonly #platform = new Map<string, number>();
  /** Joules of GPUs by node. */
  readonly #gpus = new Map<string, number>();
  /** Processors by node; under an empty name where the exporter does not say whose they are. */
  readonly #processors = new Map<string, Set<string>>();
  readonly #fallback: string | undefined;
  /** Share of its processors that a node used, 0 to 1. */
  readonly #usageRatios = new Map<string, number>();
  #version = '';
  #node = '';
  recognised = false;

  constructor(fallbackZone: string | undefined) {
    this.#fallback = fallbackZone;
  }

  /** Containers seen so far; without any, processes. */
  get containers(): number {
    return this.#containers.size || this.#processes.size;
  }

  /**
   * Whether the rest of a metric's samples is not needed. Containers come before processes in a body: where there are any,
   * the processes are theirs.
   */
  isDone(metric: string): boolean {
    return metric === PROCESS && this.#containers.size > 0;
  }

  /** Takes a sample of {@link REWRITE_METRICS}; false when it is not this generation's. */
  take({ metric, labels, value }: ExpositionSample): boolean {
    if (metric === CPU) this.#takeZone(this.#container(labels), labels, value);
    else if (metric === PROCESS) this.#takeProcess(labels, value);
    else if (metric === GPU && !labels.has('mode')) this.#takeGpu(labels, value);
    else if (metric === POD) this.#takePod(labels);
    else if (metric === NODE) this.#whole.add(this.#nodeOf(labels), labels, value);
    else if (metric === NODE_ACTIVE) this.#active.add(this.#nodeOf(labels), labels, value);
    else if (metric === NODE_IDLE) this.#idle.add(this.#nodeOf(labels), labels, value);
    else if (metric === NODE_GPU && !labels.has('mode')) this.#takeNodeGpu(labels, value);
    else if (metric === PLATFORM) this.#takePlatform(labels, value);
    else if (metric === USAGE) this.#usageRatios.set(this.#nodeOf(labels), value);
    else if (metric === PROCESSOR) this.#takeProcessor(labels);
    else if (metric === BUILD) this.#version = labels.get('version') ?? '';
    else return false;
    this.recognised = true;
    return true;
  }

  /** The counters; throws when no energy zone covers the whole processor. */
  scrape(): Omit<KeplerScrape, 'malformed'> {
    const chosen = this.#chosenZones();
    const counters: Counter[] = [];
    const all = this.#containers.size > 0 ? this.#containers : this.#processes;
    for (const container of all.values()) {
      const names = this.#namesOf(container);
      const joules = sumOf(container.zones, chosen);
      if (joules !== undefined) counters.push({ ...names, key: container.id, total: joules, kind: 'cpu' });
      for (const [gpu, total] of container.gpus)
        counters.push({ ...names, key: `${container.id} gpu${gpu && ` ${gpu}`}`, total, kind: 'gpu' });
    }
    for (const [node, joules] of this.#idle.sums(chosen)) {
      const names = { namespace: IDLE, pod: IDLE, container: IDLE, node: node || this.#node };
      counters.push({ ...names, key: `${IDLE} ${node}`, total: joules, kind: 'cpu', resolved: true });
    }
    return {
      generation: 'rewrite',
      version: this.#version || undefined,
      basis: `zones ${chosen.join('+') || 'none'}`,
      node: this.#node,
      quality: this.#version === 'simulated' ? 'simulated' : 'measured',
      totalIsSound: false,
      counters,
      usage: this.#usage(chosen),
      platform: new Map([...this.#platform].map(([node, watts]) => [node || this.#node, watts])),
      gpus: new Map([...this.#gpus].map(([node, joules]) => [node || this.#node, joules])),
      active: new Map([...this.#active.sums(chosen)].map(([node, joules]) => [node || this.#node, joules])),
    };
  }

  /**
   * Zones overlap: `psys` holds `package`, which holds `core` and `uncore`; `dram` lies outside. So package and dram
   * together, else psys alone, else the configured one.
   */
  #chosenZones(): string[] {
    const packages = [...this.#zones].filter((zone) => /^package(-\d+)?$/.test(zone)).sort();
    if (packages.length > 0) return this.#zones.has('dram') ? [...packages, 'dram'] : packages;
    if (this.#zones.has('psys')) return ['psys'];
    if (this.#fallback !== undefined && this.#zones.has(this.#fallback)) return [this.#fallback];
    if (this.#zones.size === 0) return [];
    const seen = [...this.#zones].sort().join(', ');
    throw new KeplerBodyError('no-usable-zone', `neither package nor psys among the zones ${seen}: set KEPLER_ZONE`);
  }

  #namesOf(container: Container): Omit<Counter, 'key' | 'total' | 'kind'> {
    const pod = this.#pods.get(`${container.node} ${container.podId}`);
    const node = container.node || this.#node;
    if (pod !== undefined) return { ...pod, container: container.name, node, resolved: true };
    // Without Kubernetes there is neither node nor pod, and the container's name is all that there will be.
    if (this.#standsAlone())
      return { namespace: '', pod: '', container: container.name || container.id, node, resolved: true };
    // A process has no pod, and its command is its name.
    if (this.#containers.size === 0) return { namespace: '', pod: '', container: container.name, node, resolved: true };
    // Until Kepler has reached the kubelet, container_name may be the pod's name: only the id is sure.
    return { namespace: '', pod: '', container: container.id || container.name, node, resolved: false };
  }

  /** Kepler runs without Kubernetes: it names no node and no pod. */
  #standsAlone(): boolean {
    return this.#node === '' && this.#pods.size === 0;
  }

  #takeProcess(labels: ReadonlyMap<string, string>, value: number): void {
    if (this.isDone(PROCESS)) return;
    const id = `process ${labels.get('pid') ?? ''} ${labels.get('comm') ?? ''}`;
    let known = this.#processes.get(id);
    if (known === undefined) {
      const node = labels.get('node_name') ?? '';
      known = { id, name: labels.get('comm') ?? id, node, podId: '', zones: new Map(), gpus: new Map() };
      this.#processes.set(id, known);
    }
    this.#takeZone(known, labels, value);
  }

  #takeZone({ zones }: Container, labels: ReadonlyMap<string, string>, value: number): void {
    const zone = labels.get('zone') ?? '';
    this.#zones.add(zone);
    // The same container may occur twice, running and terminated: the counter is one, so the larger is the newer.
    zones.set(zone, Math.max(value, zones.get(zone) ?? 0));
  }

  /** The node that a sample is of; the first one names the body. */
  #nodeOf(labels: ReadonlyMap<string, string>): string {
    const node = labels.get('node_name') ?? '';
    this.#node ||= node;
    return node;
  }

  #takeProcessor(labels: ReadonlyMap<string, string>): void {
    const node = labels.get('node_name') ?? '';
    const known = this.#processors.get(node) ?? new Set<string>();
    this.#processors.set(node, known.add(labels.get('processor') ?? ''));
  }

  /** Usage of the nodes that expose all of it: without the number of processors a ratio says nothing in cores. */
  #usage(chosen: readonly string[]): Map<string, NodeUsage> {
    const usage = new Map<string, NodeUsage>();
    for (const [node, joules] of this.#whole.sums(chosen)) {
      const ratio = this.#usageRatios.get(node);
      const unnamed = this.#whole.size === 1 ? this.#processors.get('') : undefined;
      const processors = (this.#processors.get(node) ?? unnamed)?.size ?? 0;
      // No machine is busier than all of its processors: a higher ratio is an error of the exporter.
      if (ratio !== undefined && ratio <= 1 && processors > 0)
        usage.set(node, { joules, busyCores: ratio * processors });
    }
    return usage;
  }

  #takeGpu(labels: ReadonlyMap<string, string>, value: number): void {
    const { gpus } = this.#container(labels);
    const gpu = labels.get('gpu') ?? '';
    gpus.set(gpu, Math.max(value, gpus.get(gpu) ?? 0));
  }

  #takePlatform(labels: ReadonlyMap<string, string>, value: number): void {
    const node = this.#nodeOf(labels);
    this.#platform.set(node, (this.#platform.get(node) ?? 0) + value);
  }

  #takeNodeGpu(labels: ReadonlyMap<string, string>, value: number): void {
    const node = this.#nodeOf(labels);
    this.#gpus.set(node, (this.#gpus.get(node) ?? 0) + value);
  }

  #takePod(labels: ReadonlyMap<string, string>): void {
    const id = labels.get('pod_id');
    if (!id) return;
    const names = { namespace: labels.get('pod_namespace') ?? '', pod: labels.get('pod_name') ?? '' };
    if (names.pod !== '') this.#pods.set(`${labels.get('node_name') ?? ''} ${id}`, names);
  }

  #container(labels: ReadonlyMap<string, string>): Container {
    const name = labels.get('container_name') ?? '';
    const podId = labels.get('pod_id') ?? '';
    const id = labels.get('container_id') || `${podId}/${name}`;
    const known = this.#containers.get(id);
    if (known !== undefined) return known;
    const made = { id, name, node: labels.get('node_name') ?? '', podId, zones: new Map(), gpus: new Map() };
    this.#containers.set(id, made);
    return made;
  }
}
