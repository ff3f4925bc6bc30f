import type { ExpositionSample } from '../exposition/scanner.ts';
import { type EnergyCounter, IDLE, KeplerBodyError, type KeplerScrape, type NodeUsage } from '../observation.ts';

const CPU = 'kepler_container_cpu_joules_total';
const GPU = 'kepler_container_gpu_joules_total';
const POD = 'kepler_pod_cpu_joules_total';
const NODE = 'kepler_node_cpu_joules_total';
const NODE_IDLE = 'kepler_node_cpu_idle_joules_total';
const USAGE = 'kepler_node_cpu_usage_ratio';
const PROCESSOR = 'kepler_node_cpu_info';
const BUILD = 'kepler_build_info';

/** What is read of a body of Kepler from 0.10 on. The GPU metric's name is also one of the classic generation's. */
export const REWRITE_METRICS: readonly string[] = [CPU, GPU, POD, NODE, NODE_IDLE, USAGE, PROCESSOR, BUILD];

interface Container {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly podId: string;
  /** Joules by energy zone. */
  readonly zones: Map<string, number>;
  gpu: number | undefined;
}

/** Collects a body of Kepler from 0.10 on: containers with their pod's id, and the pods' names beside them. */
export class RewriteBody {
  readonly #containers = new Map<string, Container>();
  readonly #pods = new Map<string, { namespace: string; pod: string }>();
  readonly #zones = new Set<string>();
  /** Idle joules by node and zone. */
  readonly #idle = new Map<string, Map<string, number>>();
  /** Joules of the whole node by zone. */
  readonly #nodeZones = new Map<string, number>();
  readonly #processors = new Set<string>();
  readonly #fallback: string | undefined;
  #usage: number | undefined;
  #version = '';
  #node = '';
  recognised = false;

  constructor(fallbackZone: string | undefined) {
    this.#fallback = fallbackZone;
  }

  /** Containers seen so far. */
  get containers(): number {
    return this.#containers.size;
  }

  /** Takes a sample of {@link REWRITE_METRICS}; false when it is not this generation's. */
  take({ metric, labels, value }: ExpositionSample): boolean {
    if (metric === CPU) this.#takeZone(labels, value);
    else if (metric === GPU && !labels.has('mode')) this.#takeGpu(labels, value);
    else if (metric === POD) this.#takePod(labels);
    else if (metric === NODE) this.#takeNode(labels, value);
    else if (metric === NODE_IDLE) this.#takeIdle(labels, value);
    else if (metric === USAGE) this.#usage = value;
    else if (metric === PROCESSOR) this.#processors.add(labels.get('processor') ?? '');
    else if (metric === BUILD) this.#version = labels.get('version') ?? '';
    else return false;
    this.recognised = true;
    return true;
  }

  /** The counters; throws when no energy zone can stand for the whole processor. */
  scrape(): Omit<KeplerScrape, 'malformed'> {
    const chosen = this.#chosenZones();
    const counters: EnergyCounter[] = [];
    for (const container of this.#containers.values()) {
      const names = this.#namesOf(container);
      const joules = sumOf(container.zones, chosen);
      if (joules !== undefined) counters.push({ ...names, key: container.id, joules, kind: 'cpu' });
      if (container.gpu !== undefined)
        counters.push({ ...names, key: `${container.id} gpu`, joules: container.gpu, kind: 'gpu' });
    }
    for (const [node, zones] of this.#idle) {
      const names = { namespace: IDLE, pod: IDLE, container: IDLE, node: node || this.#node };
      const joules = sumOf(zones, chosen);
      if (joules !== undefined)
        counters.push({ ...names, key: `${IDLE} ${node}`, joules, kind: 'cpu', resolved: true });
    }
    const nodeUse = this.#nodeUse(chosen);
    return {
      generation: 'rewrite',
      version: this.#version || undefined,
      basis: `zones ${chosen.join('+') || 'none'}`,
      node: this.#node,
      quality: this.#version === 'simulated' ? 'simulated' : 'measured',
      totalIsSound: false,
      counters,
      ...(nodeUse && { nodeUse }),
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

  #namesOf(container: Container): Omit<EnergyCounter, 'key' | 'joules' | 'kind'> {
    const pod = this.#pods.get(`${container.node} ${container.podId}`);
    const node = container.node || this.#node;
    if (pod !== undefined) return { ...pod, container: container.name, node, resolved: true };
    // Until the kubelet answers, container_name may be the pod's name: only the id is sure.
    return { namespace: '', pod: '', container: container.id || container.name, node, resolved: false };
  }

  #takeZone(labels: ReadonlyMap<string, string>, value: number): void {
    const zone = labels.get('zone') ?? '';
    this.#zones.add(zone);
    const { zones } = this.#container(labels);
    // The same container may stand twice, running and terminated: the counter is one, so the larger is the newer.
    zones.set(zone, Math.max(value, zones.get(zone) ?? 0));
  }

  #takeNode(labels: ReadonlyMap<string, string>, value: number): void {
    this.#node ||= labels.get('node_name') ?? '';
    const zone = labels.get('zone') ?? '';
    this.#nodeZones.set(zone, (this.#nodeZones.get(zone) ?? 0) + value);
  }

  /** Needs all of it: without the number of processors the ratio says nothing in cores. */
  #nodeUse(chosen: readonly string[]): NodeUsage | undefined {
    const joules = sumOf(this.#nodeZones, chosen);
    if (joules === undefined || this.#usage === undefined || this.#usage > 1) return undefined;
    return this.#processors.size === 0 ? undefined : { joules, busyCores: this.#usage * this.#processors.size };
  }

  #takeIdle(labels: ReadonlyMap<string, string>, value: number): void {
    const node = labels.get('node_name') ?? '';
    this.#node ||= node;
    const zones = this.#idle.get(node) ?? new Map<string, number>();
    this.#idle.set(node, zones);
    const zone = labels.get('zone') ?? '';
    zones.set(zone, (zones.get(zone) ?? 0) + value);
  }

  #takeGpu(labels: ReadonlyMap<string, string>, value: number): void {
    const container = this.#container(labels);
    container.gpu = Math.max(value, container.gpu ?? 0);
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
    const made = { id, name, node: labels.get('node_name') ?? '', podId, zones: new Map(), gpu: undefined };
    this.#containers.set(id, made);
    return made;
  }
}

/** Joules of some zones together; undefined when none of them is there. */
function sumOf(zones: ReadonlyMap<string, number>, chosen: readonly string[]): number | undefined {
  let joules: number | undefined;
  for (const zone of chosen) {
    const part = zones.get(zone);
    if (part !== undefined) joules = (joules ?? 0) + part;
  }
  return joules;
}
