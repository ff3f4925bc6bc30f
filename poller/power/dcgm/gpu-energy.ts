import { joules } from '../../../shared/grid/units.ts';
import { type Container, IDLE, type PowerQuality, type PowerSample } from '../../../shared/records/power.ts';
import { containerKey } from '../../../shared/records/power-facts.ts';
import { type CounterBaselines, type CounterLimits, type IncreaseEvent, increaseSince } from '../counter-increase.ts';
import type { Counter, Moment } from '../observation.ts';
import type { Gpu, GpuMeasure, GpuSlot } from './dcgm-body.ts';

/** What is remembered of GPUs between two scrapes. */
export interface GpuMemory {
  readonly counters: CounterBaselines;
  /** What cards without a counter drew, by their id. */
  readonly drawn: ReadonlyMap<string, { readonly watts: number; readonly moment: Moment }>;
}

/** What one scrape gave. */
export interface GpuStep {
  readonly memory: GpuMemory;
  /** Energy by container, and of GPUs that no container holds as the container {@link IDLE}; together that of the cards. */
  readonly samples: readonly PowerSample[];
  readonly events: ReadonlyMap<IncreaseEvent, number>;
}

/** Energy of one card over an interval. */
interface CardEnergy {
  readonly gpu: Gpu;
  readonly start: number;
  readonly end: number;
  readonly millijoules: number;
  readonly quality: PowerQuality;
}

const MEASURES: readonly GpuMeasure[] = ['active', 'utilisation', 'memory'];

/**
 * The energy of GPUs since the last scrape, shared among the containers that hold them now. Cards without an energy
 * counter have the mean of what they drew at both ends of the interval, which is `modelled`.
 */
export function gpuStep(
  before: GpuMemory | undefined,
  gpus: readonly Gpu[],
  moment: Moment,
  limits: CounterLimits,
): GpuStep {
  const counted = gpus.filter(({ millijoules }) => millijoules !== undefined);
  const observation = { ...moment, basis: 'gpus', node: '', counters: counted.map(counterOf) };
  const step = increaseSince(before?.counters, observation, limits);
  const byId = new Map(gpus.map((gpu) => [gpu.id, gpu]));
  const cards: CardEnergy[] = step.increases.flatMap(({ container, start, end, amount }) => {
    const gpu = byId.get(container.container);
    return gpu ? [{ gpu, start, end, millijoules: Math.round(amount * 1000), quality: 'measured' as const }] : [];
  });
  const drawn = new Map<string, { watts: number; moment: Moment }>();
  for (const gpu of gpus) {
    if (gpu.millijoules !== undefined || gpu.watts === undefined) continue;
    drawn.set(gpu.id, { watts: gpu.watts, moment });
    const last = before?.drawn.get(gpu.id);
    const ms = last === undefined ? 0 : moment.monotonic - last.moment.monotonic;
    if (last === undefined || ms <= 0 || ms > limits.maxGapMs) continue;
    const end = Math.round(moment.at);
    const millijoules = Math.round(((last.watts + gpu.watts) / 2) * ms);
    cards.push({ gpu, start: end - Math.round(ms), end, millijoules, quality: 'modelled' });
  }
  return { memory: { counters: step.baselines, drawn }, samples: samplesOf(cards), events: step.events };
}

function counterOf({ id, node, millijoules = 0 }: Gpu): Counter {
  return {
    namespace: '',
    pod: '',
    container: id,
    key: id,
    node,
    total: millijoules / 1000,
    kind: 'cpu',
    resolved: true,
  };
}

/** Shares each card out in whole millijoules, so that the parts are the card exactly, and adds up what a container has of several. */
function samplesOf(cards: readonly CardEnergy[]): PowerSample[] {
  const sums = new Map<string, { container: Container; start: number; end: number; millijoules: number }>();
  for (const { gpu, start, end, millijoules, quality } of cards) {
    const slots = [...gpu.slots.values()];
    const weights = weightsOf(slots);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let [given, upTo] = [0, 0];
    for (const [index, { holder }] of slots.entries()) {
      upTo += weights[index] as number;
      const part = Math.round((millijoules * upTo) / total) - given;
      given += part;
      const names = holder ?? { namespace: IDLE, pod: IDLE, container: IDLE };
      const powerQuality = quality === 'measured' ? undefined : quality;
      const container = { ...names, node: gpu.node, device: 'gpu' as const, ...(powerQuality && { powerQuality }) };
      const key = `${containerKey(container)}\0${start}\0${end}`;
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { container, start, end, millijoules: part });
      else sum.millijoules += part;
    }
  }
  return [...sums.values()].map(({ millijoules, ...rest }) => ({ ...rest, joules: joules(millijoules / 1000) }));
}

/** By what each part did, as far as that is known of all; else by its size. */
function weightsOf(slots: readonly GpuSlot[]): readonly number[] {
  for (const measure of MEASURES) {
    const values = slots.map(({ use, slices }) => (use[measure] ?? Number.NaN) * (measure === 'memory' ? 1 : slices));
    // An idle card says nothing about its parts, and a value that is missing makes the sum NaN.
    if (values.reduce((sum, value) => sum + value, 0) > 0) return values;
  }
  return slots.map(({ slices }) => slices);
}
