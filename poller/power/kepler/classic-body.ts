import { IDLE } from '../../../shared/records/power.ts';
import type { ExpositionSample } from '../exposition/scanner.ts';
import type { Counter, KeplerScrape } from '../observation.ts';

const TOTAL = 'kepler_container_joules_total';
const BUILD = 'kepler_exporter_build_info';

/** Parts that make up a container's energy on processors and memory. `core` and `uncore` lie inside `package`; `platform` is the whole node. */
const COMPONENTS: ReadonlySet<string> = new Set(
  ['package', 'dram', 'other'].map((part) => `kepler_container_${part}_joules_total`),
);

/** What containers used on GPUs: a part of the total. */
const GPU = 'kepler_container_gpu_joules_total';

/** Node metrics: they name the node, and the idle ones count what it used while idle. */
const NODE_PACKAGE = 'kepler_node_package_joules_total';
const NODE_DRAM = 'kepler_node_dram_joules_total';
const NODE_PLATFORM = 'kepler_node_platform_joules_total';
const NODE_GPU = 'kepler_node_gpu_joules_total';
const NODE_METRICS: ReadonlySet<string> = new Set([NODE_PACKAGE, NODE_DRAM, NODE_PLATFORM, NODE_GPU]);

/** What is read of a body of Kepler up to 0.9 whose total is known to be sound. */
export const CLASSIC_TOTAL_METRICS: readonly string[] = [TOTAL, GPU, BUILD, ...NODE_METRICS];
/** What is read of any other body of Kepler up to 0.9. */
export const CLASSIC_METRICS: readonly string[] = [...CLASSIC_TOTAL_METRICS, ...COMPONENTS];
/** `source` of energy that a trained model worked out, as in virtual machines. */
const MODEL = 'trained_power_model';

interface Tally {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  joules: number;
}

/** Collects a body of Kepler up to 0.9. Only `mode="dynamic"` is taken: idle energy is the node's, and modelled. */
export class ClassicBody {
  readonly #totals = new Map<string, Tally>();
  readonly #components = new Map<string, Tally>();
  readonly #gpus = new Map<string, Tally>();
  readonly #idle = new Map<string, number>();
  #nodeGpus: number | undefined;
  #version = '';
  #node = '';
  #source: string | undefined;
  recognised = false;

  /** Containers seen so far. */
  get containers(): number {
    return Math.max(this.#totals.size, this.#components.size);
  }

  /** Takes a sample of {@link CLASSIC_METRICS}. */
  take({ metric, labels, value }: ExpositionSample): void {
    if (metric === TOTAL) this.#add(this.#totals, labels, value);
    else if (metric === GPU) this.#add(this.#gpus, labels, value);
    else if (COMPONENTS.has(metric)) this.#add(this.#components, labels, value);
    else if (metric === BUILD) this.#version = labels.get('version') ?? '';
    else this.#takeNode(metric, labels, value);
    this.recognised = true;
  }

  /** The counters, from the total where it can be trusted, else from its components. */
  scrape(): Omit<KeplerScrape, 'malformed'> {
    // Where GPUs were used they are part of the total, and its rounding would make their difference fall.
    const sound = sum(this.#gpus) > 0 ? false : this.#totalIsSound();
    const useTotal = this.#totals.size > 0 && (this.#components.size === 0 || (sound ?? this.#totalLooksSound()));
    const counters: Counter[] = [];
    for (const [key, { joules, ...names }] of useTotal ? this.#totals : this.#components) {
      const gpu = this.#gpus.get(key)?.joules ?? 0;
      const total = useTotal ? Math.max(0, joules - gpu) : joules;
      counters.push({ ...names, key, total, node: this.#node, kind: 'cpu', resolved: true });
      if (gpu > 0)
        counters.push({ ...names, key: `${key} gpu`, total: gpu, node: this.#node, kind: 'gpu', resolved: true });
    }
    counters.push(...this.#idleCounter());
    return {
      generation: 'classic',
      version: this.#version || undefined,
      basis: useTotal ? 'classic total' : 'classic components',
      node: this.#node,
      quality: this.#source === MODEL ? 'modelled' : 'measured',
      totalIsSound: sound === true && this.#totals.size > 0,
      counters,
      usage: new Map(),
      active: new Map(),
      platform: new Map(),
      gpus: this.#nodeGpus ? new Map([[this.#node, this.#nodeGpus]]) : new Map(),
    };
  }

  #add(into: Map<string, Tally>, labels: ReadonlyMap<string, string>, value: number): void {
    this.recognised = true;
    if (labels.get('mode') !== 'dynamic') return;
    this.#source ??= labels.get('source');
    const namespace = labels.get('container_namespace') ?? '';
    const pod = labels.get('pod_name') ?? '';
    const container = labels.get('container_name') ?? '';
    const key = labels.get('container_id') || `${namespace}/${pod}/${container}`;
    const known = into.get(key);
    if (known === undefined) into.set(key, { namespace, pod, container, joules: value });
    else known.joules += value;
  }

  #takeNode(metric: string, labels: ReadonlyMap<string, string>, value: number): void {
    this.#node = labels.get('instance') ?? this.#node;
    if (metric === NODE_GPU) this.#nodeGpus = (this.#nodeGpus ?? 0) + value;
    else if (labels.get('mode') === 'idle') this.#idle.set(metric, (this.#idle.get(metric) ?? 0) + value);
  }

  /** Idle energy of the same parts that containers are given: package and dram, else the platform. */
  #idleCounter(): Counter[] {
    const cpu = this.#idle.get(NODE_PACKAGE);
    const joules = cpu === undefined ? this.#idle.get(NODE_PLATFORM) : cpu + (this.#idle.get(NODE_DRAM) ?? 0);
    if (joules === undefined || joules === 0) return [];
    const names = { namespace: IDLE, pod: IDLE, container: IDLE, node: this.#node };
    return [{ ...names, key: IDLE, total: joules, kind: 'cpu', resolved: true }];
  }

  /** Up to 0.7.2 the total counts uncore twice; 0.7.3 gives it in millijoules. Undefined: the build hides its version. */
  #totalIsSound(): boolean | undefined {
    const version = /^v?(\d+)\.(\d+)\.(\d+)/.exec(this.#version);
    if (version === null) return undefined;
    const [major, minor, patch] = version.slice(1).map(Number) as [number, number, number];
    return major > 0 || minor > 7 || (minor === 7 && patch > 3);
  }

  #totalLooksSound(): boolean {
    return sum(this.#totals) < 100 * Math.max(1, sum(this.#components));
  }
}

function sum(tallies: ReadonlyMap<string, Tally>): number {
  let total = 0;
  for (const tally of tallies.values()) total += tally.joules;
  return total;
}
