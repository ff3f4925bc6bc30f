import { type Watts, watts } from '../grid/units.ts';
import type { PowerCalibration } from '../records/power.ts';
import {
  type Bounds,
  type FamilyFit,
  fitFamilies,
  fitGeneric,
  type GenericFit,
  recentServers,
  type ThreadPower,
} from './fit.ts';
import { type InstanceType, instanceType, olderType, type WattsByLoad } from './instance-types.ts';
import { SERVERS } from './servers.ts';

/** What is known of a node whose power nothing measures. */
export interface MachineFacts {
  /** The cloud and the machine type there, such as `aws` and `m5.xlarge`. */
  readonly cloud?: string | undefined;
  readonly instanceType?: string | undefined;
  /** Microarchitecture of its CPU, such as `Cascade Lake`. */
  readonly family?: string | undefined;
  /** Its CPUs as Kubernetes counts them: hardware threads. */
  readonly vcpus?: number | undefined;
  readonly memoryGb?: number | undefined;
}

/** The power of a node by its utilisation, with bounds for what is modelled. */
export interface NodePowerModel {
  /** `aws:m5.xlarge`, `cpu:Cascade Lake` or `generic`; with `~` before a type that stands in for a newer one. */
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGb: number;
  /** Watts of the whole node, memory included, without GPUs. */
  readonly watts: WattsByLoad;
  /** Constant watts of its memory, part of `watts.idle`. */
  readonly memoryWatts: number;
  /** Bounds of what is drawn while idle, and of what is drawn on top of it. Nominally 80 % of machines lie within. */
  readonly idleBounds: Bounds;
  readonly dynamicBounds: Bounds;
  /** How measured nodes have corrected it; absent: not at all. */
  readonly calibration?: PowerCalibration | undefined;
}

/** Watts for each GB of memory: the coefficient of Cloud Carbon Footprint. */
const WATTS_PER_GB = 0.38;
/** Memory for each thread that the published servers have, in GB: its power is part of theirs. */
const GB_PER_THREAD = 1.7;
/**
 * Share of the dynamic range that is drawn at 10 % and 50 % load: the medians of the processor packages of AWS' machine
 * types. A straight line would be too low in the middle.
 */
const CURVE = { at10: 0.22, at50: 0.69 };

/** Makes the models of nodes; the fits on published servers are made once, here. */
export function nodePowerModels(): (facts: MachineFacts) => NodePowerModel | undefined {
  const generic = fitGeneric(recentServers(SERVERS));
  const families = fitFamilies(SERVERS);
  return (facts) => byInstanceType(facts, generic, families) ?? byCpu(facts, generic, families);
}

/** Watts of a node at a utilisation from 0 to 1, linear between the loads that the model knows. */
export function wattsAt({ watts: { idle, at10, at50, full } }: NodePowerModel, utilisation: number): Watts {
  const load = Math.min(1, Math.max(0, utilisation));
  if (load <= 0.1) return watts(idle + ((at10 - idle) * load) / 0.1);
  if (load <= 0.5) return watts(at10 + ((at50 - at10) * (load - 0.1)) / 0.4);
  return watts(at50 + ((full - at50) * (load - 0.5)) / 0.5);
}

function byInstanceType(facts: MachineFacts, generic: GenericFit, families: FamilyFit): NodePowerModel | undefined {
  const { cloud = '', instanceType: name = '' } = facts;
  const exact = instanceType(cloud, name);
  const older = exact === undefined ? olderType(cloud, name) : undefined;
  const type = exact ?? (older === undefined ? undefined : instanceType(cloud, older));
  if (type === undefined) return undefined;
  const label = `${cloud}:${older === undefined ? name : `~${older}`}`;
  const { vcpus, memoryGb, watts: published } = type;
  if (published === undefined) return byFamilies(label, type, families);
  const { idleBounds, dynamicBounds } = generic;
  return {
    name: label,
    vcpus,
    memoryGb,
    watts: published,
    memoryWatts: type.memoryWatts ?? 0,
    idleBounds,
    dynamicBounds,
  };
}

/** A type that may run on several microarchitectures has the mean of them, and bounds around all of them. */
function byFamilies(name: string, type: InstanceType, fit: FamilyFit): NodePowerModel | undefined {
  const powers = type.families.flatMap((family) => fit.power.get(family) ?? []);
  if (powers.length === 0) return undefined;
  const mean = { idle: meanOf(powers, 'idle'), dynamic: meanOf(powers, 'dynamic') };
  return { name, ...ofThreads(type.vcpus, type.memoryGb, mean), ...around(powers, mean, fit) };
}

function byCpu(facts: MachineFacts, generic: GenericFit, fit: FamilyFit): NodePowerModel | undefined {
  const { vcpus, family } = facts;
  if (vcpus === undefined || !(vcpus > 0)) return undefined;
  const { memoryGb = vcpus * GB_PER_THREAD } = facts;
  const power = family === undefined ? undefined : fit.power.get(family);
  const { idleBounds, dynamicBounds } = power === undefined ? generic : fit;
  const name = power === undefined ? 'generic' : `cpu:${family}`;
  return { name, ...ofThreads(vcpus, memoryGb, power ?? generic.power), idleBounds, dynamicBounds };
}

function ofThreads(vcpus: number, memoryGb: number, { idle, dynamic }: ThreadPower) {
  const more = WATTS_PER_GB * Math.max(0, memoryGb - vcpus * GB_PER_THREAD);
  const base = vcpus * idle + more;
  const range = vcpus * dynamic;
  return {
    vcpus,
    memoryGb,
    watts: { idle: base, at10: base + CURVE.at10 * range, at50: base + CURVE.at50 * range, full: base + range },
    memoryWatts: Math.min(base, WATTS_PER_GB * memoryGb),
  };
}

function around(powers: readonly ThreadPower[], mean: ThreadPower, fit: FamilyFit) {
  const bounds = (part: keyof ThreadPower, { low, high }: Bounds): Bounds => ({
    low: (low * Math.min(...powers.map((power) => power[part]))) / mean[part],
    high: (high * Math.max(...powers.map((power) => power[part]))) / mean[part],
  });
  return { idleBounds: bounds('idle', fit.idleBounds), dynamicBounds: bounds('dynamic', fit.dynamicBounds) };
}

function meanOf(powers: readonly ThreadPower[], part: keyof ThreadPower): number {
  return powers.reduce((sum, power) => sum + power[part], 0) / powers.length;
}
