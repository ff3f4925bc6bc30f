import { quantile } from '../grid/quantile.ts';
import type { Server } from './servers.ts';

/** Bounds of a figure as factors of it: the truth lies between `low` and `high` times the figure in 80 of 100 cases. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Watts for each hardware thread of a server, idle and above idle at full load. */
export interface ThreadPower {
  readonly idle: number;
  readonly dynamic: number;
}

/** A model of servers with how far it may be off. */
export interface PowerFit {
  readonly idleBounds: Bounds;
  readonly dynamicBounds: Bounds;
}

/** A server of which nothing is known but its threads: the median of recent ones. */
export interface GenericFit extends PowerFit {
  readonly power: ThreadPower;
}

/** Servers by microarchitecture: the median of each, with one spread for all. */
export interface FamilyFit extends PowerFit {
  readonly power: ReadonlyMap<string, ThreadPower>;
}

/** Servers that are older draw several times as much for a thread, and hardly any is in use. */
const RECENT = 2013;
/** Fewer results of a microarchitecture than this have no median worth the name. */
const LEAST_SERVERS = 5;
const TAIL = 0.1;

/** Power for each thread of one server. */
export function threadPowerOf({ threads, idleWatts, fullWatts }: Server): ThreadPower {
  return { idle: idleWatts / threads, dynamic: (fullWatts - idleWatts) / threads };
}

/** The servers that the generic model is fitted on. */
export function recentServers(servers: readonly Server[]): readonly Server[] {
  return servers.filter(({ year }) => year >= RECENT);
}

/** Fits the generic model: medians, and the deciles of the servers around them. */
export function fitGeneric(servers: readonly Server[]): GenericFit {
  const powers = servers.map(threadPowerOf);
  const power = medianOf(powers);
  return { power, ...boundsOf(powers.map((each) => ratios(each, power))) };
}

/** Fits a median for each microarchitecture, and the deciles of servers around the median of the others of their kind. */
export function fitFamilies(servers: readonly Server[]): FamilyFit {
  const power = new Map<string, ThreadPower>();
  const around: ThreadPower[] = [];
  for (const [family, members] of Map.groupBy(servers, (server) => server.family)) {
    if (family === '' || members.length < LEAST_SERVERS) continue;
    const powers = members.map(threadPowerOf);
    power.set(family, medianOf(powers));
    for (const [index, own] of powers.entries()) around.push(ratios(own, medianOf(powers.toSpliced(index, 1))));
  }
  return { power, ...boundsOf(around) };
}

function medianOf(powers: readonly ThreadPower[]): ThreadPower {
  return { idle: at(0.5, powers, 'idle'), dynamic: at(0.5, powers, 'dynamic') };
}

function ratios(power: ThreadPower, median: ThreadPower): ThreadPower {
  return { idle: power.idle / median.idle, dynamic: power.dynamic / median.dynamic };
}

function boundsOf(around: readonly ThreadPower[]): PowerFit {
  const bounds = (part: keyof ThreadPower) => ({ low: at(TAIL, around, part), high: at(1 - TAIL, around, part) });
  return { idleBounds: bounds('idle'), dynamicBounds: bounds('dynamic') };
}

function at(share: number, powers: readonly ThreadPower[], part: keyof ThreadPower): number {
  return quantile(
    powers.map((power) => power[part]).sort((a, b) => a - b),
    share,
  );
}
