import { type ExpositionSample, ExpositionScanner } from '../exposition/scanner.ts';
import { ScrapeError } from '../scrape-error.ts';

const ENERGY = 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION';
const POWER = 'DCGM_FI_DEV_POWER_USAGE';
/** What says how much each of several holders used of a GPU, the best first. */
const MEASURES = {
  DCGM_FI_PROF_GR_ENGINE_ACTIVE: 'active',
  DCGM_FI_DEV_GPU_UTIL: 'utilisation',
  DCGM_FI_DEV_FB_USED: 'memory',
} as const;

/** One of {@link MEASURES}. */
export type GpuMeasure = (typeof MEASURES)[keyof typeof MEASURES];

/** A GPU, or a part of one, that a container holds or that is free. */
export interface GpuSlot {
  /** Absent: no container holds it. */
  readonly holder: { readonly namespace: string; readonly pod: string; readonly container: string } | undefined;
  /** Compute slices of a MIG instance; 1 for others. */
  readonly slices: number;
  /** Share of time that its engines were busy, its utilisation and its used memory, where the exporter has them. */
  readonly use: Partial<Record<GpuMeasure, number>>;
}

/** A physical GPU. */
export interface Gpu {
  /** Its UUID; where that is missing its index. */
  readonly id: string;
  /** As the exporter names it; empty where it does not. */
  readonly node: string;
  /** Millijoules since the driver was loaded; absent for cards without a counter. */
  millijoules: number | undefined;
  /** What it draws now. */
  watts: number | undefined;
  readonly slots: ReadonlyMap<string, GpuSlot>;
}

/** One body of NVIDIA's DCGM exporter. */
export interface DcgmBody {
  readonly gpus: readonly Gpu[];
  /** Lines that were left out because they are not valid samples. */
  readonly malformed: number;
}

/** Reads a body as it arrives; throws a ScrapeError where it is a page, ends too early, or has no power of GPUs. */
export async function readDcgm(target: string, body: AsyncIterable<Uint8Array>): Promise<DcgmBody> {
  const gpus = new GpuCollector();
  const scanner = new ExpositionScanner([ENERGY, POWER, ...Object.keys(MEASURES)], (sample) => gpus.take(sample));
  let head = '';
  for await (const chunk of body) {
    head ||= Buffer.from(chunk.subarray(0, 80)).toString('latin1').trimStart();
    if (head.startsWith('<')) throw new ScrapeError(target, 'html', 'an HTML page instead of metrics');
    scanner.push(chunk);
  }
  const { unfinished, lines, malformed } = scanner.end();
  if (unfinished) throw new ScrapeError(target, 'truncated', `the body ends inside a line, after ${lines} whole lines`);
  const found = gpus.withPower();
  if (found.length > 0) return { gpus: found, malformed: malformed + gpus.malformed };
  throw new ScrapeError(target, 'foreign', `neither ${ENERGY} nor ${POWER} of any GPU in ${lines} lines`);
}

class GpuCollector {
  readonly #gpus = new Map<string, Gpu & { readonly slots: Map<string, GpuSlot> }>();
  malformed = 0;

  take({ metric, labels, value }: ExpositionSample): void {
    // A blank value of DCGM, such as 9223372036854775794, is larger than any card could count.
    if (!(value >= 0) || value > Number.MAX_SAFE_INTEGER) {
      this.malformed += 1;
      return;
    }
    const gpu = this.#gpu(labels);
    const slot = slotOf(gpu, labels);
    // A card that is split stands once for each part, with the same total: it is one counter.
    if (metric === ENERGY) gpu.millijoules = Math.max(value, gpu.millijoules ?? 0);
    else if (metric === POWER) gpu.watts = Math.max(value, gpu.watts ?? 0);
    else slot.use[MEASURES[metric as keyof typeof MEASURES]] = value;
  }

  withPower(): Gpu[] {
    return [...this.#gpus.values()].filter(
      ({ millijoules, watts }) => millijoules !== undefined || watts !== undefined,
    );
  }

  #gpu(labels: ReadonlyMap<string, string>) {
    const node = labels.get('Hostname') ?? '';
    const id = labels.get('UUID') || `${node}/${labels.get('gpu') ?? ''}`;
    const known = this.#gpus.get(id);
    if (known !== undefined) return known;
    const made = { id, node, millijoules: undefined, watts: undefined, slots: new Map<string, GpuSlot>() };
    this.#gpus.set(id, made);
    return made;
  }
}

function slotOf(gpu: { readonly slots: Map<string, GpuSlot> }, labels: ReadonlyMap<string, string>): GpuSlot {
  const holder = holderOf(labels);
  const names = holder === undefined ? '' : `${holder.namespace}\0${holder.pod}\0${holder.container}`;
  const key = `${labels.get('GPU_I_ID') ?? ''}\0${labels.get('vgpu') ?? ''}\0${names}`;
  const known = gpu.slots.get(key);
  if (known !== undefined) return known;
  // A profile such as 2g.20gb has two of the card's compute slices.
  const slices = Number(/^(\d+)g\./.exec(labels.get('GPU_I_PROFILE') ?? '')?.[1] ?? 1);
  const made = { holder, slices, use: {} };
  gpu.slots.set(key, made);
  return made;
}

/** Names as the exporter has them; a Prometheus between moves those that collide with its own aside. */
function holderOf(labels: ReadonlyMap<string, string>): GpuSlot['holder'] {
  const name = (label: string) => labels.get(`exported_${label}`) ?? labels.get(label) ?? '';
  const [namespace, pod, container] = [name('namespace'), name('pod'), name('container')];
  return pod === '' ? undefined : { namespace, pod, container };
}
