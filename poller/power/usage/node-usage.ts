import { joules } from '../../../shared/grid/units.ts';
import { allocate } from '../../../shared/power-model/allocation.ts';
import type { Bounds } from '../../../shared/power-model/fit.ts';
import type { NodePowerModel } from '../../../shared/power-model/node-model.ts';
import { IDLE, type PowerSample, SYSTEM } from '../../../shared/records/power.ts';
import type { Increase } from '../container-increases.ts';
import { type CounterBaselines, type IncreaseEvent, increaseSince } from '../counter-increase.ts';
import type { Counter, Moment } from '../observation.ts';
import type { ContainerUsage, KubeletUsage } from './kubelet-body.ts';

/** What is remembered of a node between two bodies of its kubelet. */
export interface UsageMemory {
  readonly node: CounterBaselines;
  readonly containers: CounterBaselines;
  /** Millijoules that containers had more than the node: the next remainders are smaller by them. */
  readonly owed: { readonly dynamic: number; readonly idle: number };
}

/** What one body gave. */
export interface UsageStep {
  readonly memory: UsageMemory;
  /** Containers, idle energy and what ran outside containers; together the node's modelled energy. */
  readonly samples: readonly PowerSample[];
  readonly events: ReadonlyMap<IncreaseEvent, number>;
}

/** A node, its model, and the longest time between two bodies that still gives samples. */
export interface UsageRules {
  readonly node: string;
  readonly model: NodePowerModel;
  readonly maxGapMs: number;
}

const NOTHING_OWED = { dynamic: 0, idle: 0 };
/** Measuring is not exact to the tick: a busy node may show a little more CPU time than its CPUs have. */
const SLACK = 1.1;

/**
 * The modelled energy since the last body: CPU seconds by the rules of counters, watts by the node's model. Each container
 * goes by the times at which the kubelet measured it, and the node by its own.
 */
export function usageStep(before: UsageMemory | undefined, body: KubeletUsage, rules: UsageRules): UsageStep {
  const { node, model, maxGapMs } = rules;
  const rate = model.vcpus * SLACK;
  const limits = { maxGapMs, maxContainerRate: rate, maxNodeRate: Infinity };
  const moment = momentOf(body.node.at);
  // The kubelet has not measured since: what containers show is left for the next body.
  if (before?.node.at === moment.at) return { memory: before, samples: [], events: new Map() };
  const whole = { ...moment, basis: 'node', node, counters: [nodeCounter(body, node)] };
  const nodeStep = increaseSince(before?.node, whole, limits);
  const observation = {
    ...moment,
    basis: 'kubelet',
    node,
    counters: body.containers.map((each) => counterOf(each, node)),
  };
  const [increase] = nodeStep.increases;
  // Without the node's own increase there is nothing to share out: all begin anew.
  const step = increaseSince(increase === undefined ? undefined : before?.containers, observation, limits);
  const memory = { node: nodeStep.baselines, containers: step.baselines, owed: NOTHING_OWED };
  if (before === undefined || increase === undefined) return { memory, samples: [], events: nodeStep.events };
  const { samples, owed } = share(increase, step.increases, { body, rules, owed: before.owed });
  return { memory: { ...memory, owed }, samples, events: step.events };
}

interface Sharing {
  readonly body: KubeletUsage;
  readonly rules: UsageRules;
  readonly owed: UsageMemory['owed'];
}

function share(whole: Increase, parts: readonly Increase[], { body, rules, owed }: Sharing) {
  const { model, node } = rules;
  const allocation = allocate(model, { seconds: (whole.end - whole.start) / 1000, cpuSeconds: whole.amount });
  const memory = new Map(body.containers.map((usage) => [keyOf(usage), usage.memoryBytes ?? 0]));
  const samples: PowerSample[] = [];
  const given = { dynamic: 0, idle: 0 };
  for (const { container, start, end, amount } of parts) {
    const memoryBytes = memory.get(keyOf(container)) ?? 0;
    const energy = allocation.of({ seconds: (end - start) / 1000, cpuSeconds: amount, memoryBytes });
    const dynamic = inMillijoules(energy.dynamic);
    const idle = inMillijoules(energy.memory);
    given.dynamic += dynamic;
    given.idle += idle;
    samples.push(
      sampleOf({ ...container, node }, { start, end, millijoules: dynamic + idle }, model, model.dynamicBounds),
    );
  }
  const left = {
    dynamic: inMillijoules(allocation.dynamic) - given.dynamic - owed.dynamic,
    idle: inMillijoules(allocation.idle) - given.idle - owed.idle,
  };
  const { start, end } = whole;
  const rest = (name: string, millijoules: number, bounds: Bounds) =>
    sampleOf({ ...namesOf(name), node }, { start, end, millijoules: Math.max(0, millijoules) }, model, bounds);
  samples.push(rest(SYSTEM, left.dynamic, model.dynamicBounds), rest(IDLE, left.idle, model.idleBounds));
  return { samples, owed: { dynamic: Math.max(0, -left.dynamic), idle: Math.max(0, -left.idle) } };
}

function sampleOf(
  names: { namespace: string; pod: string; container: string; node: string },
  { start, end, millijoules }: { start: number; end: number; millijoules: number },
  { name, calibration }: NodePowerModel,
  bounds: Bounds,
): PowerSample {
  const container = {
    ...names,
    powerQuality: 'modelled' as const,
    powerModel: { name, ...bounds, ...(calibration && { calibration }) },
  };
  return { container, start, end, joules: joules(millijoules / 1000) };
}

/** Times are the kubelet's alone: its clock need not agree with ours to the second. */
function momentOf(at: number): Moment {
  return { at, monotonic: at };
}

function nodeCounter({ node: { cpuSeconds } }: KubeletUsage, node: string): Counter {
  return { ...namesOf(SYSTEM), key: SYSTEM, node, total: cpuSeconds, kind: 'cpu', resolved: true };
}

function counterOf(usage: ContainerUsage, node: string): Counter {
  const { namespace, pod, container, cpuSeconds: total, at, startedAt } = usage;
  const names = { namespace, pod, container, node };
  return { ...names, key: keyOf(usage), total, kind: 'cpu', resolved: true, observedAt: momentOf(at), startedAt };
}

function namesOf(name: string) {
  return { namespace: name, pod: name, container: name };
}

function keyOf({ namespace, pod, container }: { namespace: string; pod: string; container: string }): string {
  return `${namespace}/${pod}/${container}`;
}

function inMillijoules(energy: number): number {
  return Math.round(energy * 1000);
}
