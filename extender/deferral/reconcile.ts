import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import { effectiveMode, type Mode } from '../placement/mode.ts';
import type { Action, DecisionContext } from './action.ts';
import type { PodIdentity } from './bound-pods.ts';
import { forecastViewOf, type Places } from './candidates.ts';
import { decide, guaranteeDue } from './decide.ts';
import { decidePieces, withLatestResume } from './decide-pieces.ts';
import { withLongerWait } from './over-budget.ts';
import type { PodRequirements } from './pod-requirements.ts';
import { createReleaseCapacity, type ReleaseCapacity, worthOf } from './release-capacity.ts';
import type { Space } from './space.ts';
import type { UsableZones } from './usable-zones.ts';
import { type WaitingWork, withDefaults } from './waiting-work.ts';
import { createMemories, type WorkMemory } from './work-memory.ts';

/** No zone at all, which is not the same as an unknown one: it matches none of the document. */
const NO_ZONES: readonly Zone[] = ['' as Zone];

/** A piece of work with what to do about it. */
export interface DecidedWork {
  readonly work: WaitingWork;
  readonly action: Action;
  /** Hours that it is expected to run. */
  readonly durationHours: number;
}

/** What decisions are based on, beside the work itself. */
export interface ReconcilerOptions {
  readonly cache: () => CacheState;
  /** Zones of the cluster's nodes; undefined until they have been listed. */
  readonly zones: () => readonly Zone[] | undefined;
  /** The cluster's own defaults for every pod. */
  readonly clusterPreferences?: PodPreferences | undefined;
  /** How long work of a namespace may wait whose carbon budget is used up; undefined: as its annotations say. */
  readonly budgetDelayOf?: ((namespace: string) => number | undefined) | undefined;
  readonly mode: 'on' | 'advise';
  /** The cluster's mode where a namespace sets none; default `enforce`. */
  readonly clusterMode?: Mode | undefined;
  /** Zones of the nodes that a pod can use; undefined where nodes are not known, and then all `zones` are taken. */
  readonly usableZones?: ((pod: PodRequirements, self: PodIdentity) => UsableZones | undefined) | undefined;
  /** Names of the schedulers that prefer clean nodes; undefined: every scheduler does. */
  readonly carbonSchedulers?: readonly string[] | undefined;
  readonly releasePerMinute: number;
  readonly periodMs: number;
  /** Expected run time where neither an annotation nor earlier runs say it. */
  readonly defaultDurationHours: number;
  /** Hours learnt from the owner's earlier runs; undefined where too few are known. */
  readonly durationOf: (namespace: string, owner: string) => number | undefined;
  readonly clock: Clock;
}

/** Decides about everything that waits, once per period. */
export interface Reconciler {
  /** Work whose guarantee is due now: `skip`, no slack, or its deadline. */
  guaranteed(all: readonly WaitingWork[]): readonly DecidedWork[];
  /** Decisions about the rest. */
  decide(all: readonly WaitingWork[]): readonly DecidedWork[];
  /** Decisions about Jobs that run and may be paused: once an hour each. */
  decideRunning(all: readonly WaitingWork[]): readonly DecidedWork[];
  /** Records that work was released: what else belongs to the same piece of work does not wait any more. */
  released(work: WaitingWork): void;
}

/** Creates a reconciler with the given sources of grid, clock and earlier runs. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { clock } = options;
  const memories = createMemories(clock);
  const withCluster = (found: WaitingWork) => {
    const work = withDefaults(found, options.clusterPreferences);
    const resumable = withLatestResume(work, durationOf(work, options));
    return withLongerWait(resumable, options.budgetDelayOf?.(work.namespace));
  };
  const contextOf = contexts(options, memories);
  const runningMemories = createMemories(clock);
  return {
    guaranteed(all) {
      const now = clock.now();
      memories.forgetOthers(all);
      return all.map(withCluster).flatMap((work) => {
        const { lostMs } = memories.of(work, now);
        const isOff = modeOf(work, options) === 'off';
        const action = guaranteeDue(work, { now, lostMs, periodMs: options.periodMs, isOff });
        return action ? [{ work, action, durationHours: durationOf(work, options) }] : [];
      });
    },
    decide(all) {
      const now = clock.now();
      const works = byWorth(all.map(withCluster), options);
      const together = podsTogether(works);
      const capacity = capacityFor(works, options);
      return works.flatMap((work) => {
        const memory = memories.of(work, now);
        const isDue = work.plan !== undefined && work.plan.start <= now;
        const review = memory.reviewedHour !== hourOf(now) || (isDue && memory.reviewedDue !== work.plan?.start);
        const isFull = (start: EpochMs, zone: Zone) => capacity.isFull(work, start, zone);
        const context = contextOf(work, memory, now, { review, isFull, together: together(work) });
        if (guaranteeDue(work, context)) return [];
        memories.reviewed(work, hourOf(now), isDue);
        // Its own plan does not stand in its way.
        capacity.remove(work);
        const action = decide(work, context);
        if (action.kind === 'plan') capacity.add(work, action.slot.start, action.slot.zone);
        else if (action.kind === 'wait' && work.plan) capacity.add(work, work.plan.start, work.plan.zone);
        return [{ work, action, durationHours: context.durationHours }];
      });
    },
    decideRunning(all) {
      const now = clock.now();
      runningMemories.forgetOthers(all);
      return all.map(withCluster).flatMap((work) => {
        const memory = runningMemories.of(work, now);
        const isEnforced = modeOf(work, options) === 'enforce' && work.preferences.skip !== true;
        if (!isEnforced || work.preferences.durationMs === undefined || memory.reviewedHour === hourOf(now)) return [];
        runningMemories.reviewed(work, hourOf(now), false);
        const context = contextOf(work, memory, now, { review: true, isFull: () => false, together: work.pods });
        return [{ work, action: decidePieces(work, context), durationHours: context.durationHours }];
      });
    },
    released: ({ origin }) => memories.started(origin),
  };
}

function capacityFor(works: readonly WaitingWork[], options: ReconcilerOptions): ReleaseCapacity {
  return createReleaseCapacity(works, {
    releasePerMinute: options.releasePerMinute,
    durationOf: (work) => durationOf(work, options),
    spacesOf: (work, zone) => spacesOf(work, zone, options),
  });
}

/** Makes the context of a decision from the grid, the cluster and what is remembered of the work. */
function contexts(options: ReconcilerOptions, memories: ReturnType<typeof createMemories>) {
  return (
    work: WaitingWork,
    { lostMs }: WorkMemory,
    now: EpochMs,
    { together, ...given }: Pick<DecisionContext, 'review' | 'isFull'> & { readonly together: number },
  ): DecisionContext => ({
    ...{ now, lostMs, periodMs: options.periodMs, ...given },
    durationHours: durationOf(work, options),
    forecast: forecastViewOf(options.cache(), placesOf(work, options, together), work.preferences.zones, now),
    advise: modeOf(work, options) === 'advise',
    isOff: modeOf(work, options) === 'off',
    hasStarted: work.hasStarted || memories.hasStarted(work.origin),
  });
}

/** Work whose wait saves most first: it takes the cleanest hours before they are full. */
function byWorth(all: readonly WaitingWork[], options: ReconcilerOptions): WaitingWork[] {
  const worths = new Map(all.map((work) => [work, worthOf(work, durationOf(work, options))]));
  return all.toSorted((a, b) => (worths.get(b) ?? 0) - (worths.get(a) ?? 0));
}

/** The controller's own `advise` holds everywhere; else the namespace's mode, else the cluster's. */
function modeOf({ mode }: WaitingWork, options: ReconcilerOptions): Mode {
  const effective = effectiveMode({ namespace: mode, cluster: options.clusterMode ?? 'enforce' });
  return options.mode === 'advise' && effective === 'enforce' ? 'advise' : effective;
}

/** Hours that work is expected to run: as it says itself, else as its owner's earlier runs did, else the default. */
export function durationOf(
  { preferences: { durationMs }, namespace, owner }: WaitingWork,
  options: Pick<ReconcilerOptions, 'durationOf' | 'defaultDurationHours'>,
): number {
  if (durationMs !== undefined && durationMs > 0) return durationMs / HOUR_MS;
  return options.durationOf(namespace, owner) ?? options.defaultDurationHours;
}

/** What work would fill in a zone: its nodes there, and the quota of its queue. */
function spacesOf(work: WaitingWork, zone: Zone, { usableZones }: ReconcilerOptions): Space[] {
  const nodes = usableZones?.(work.requirements, identityOf(work))?.spaces?.get(zone);
  return [nodes, work.admission?.quota].filter((space) => space !== undefined);
}

function identityOf({ kind, namespace, podLabels, uid }: WaitingWork): PodIdentity {
  return { namespace, labels: podLabels, ...(kind === 'Job' && { uid }) };
}

/** Pods that wait for the same start: those of a Job, or the replicas of one owner. */
function podsTogether(all: readonly WaitingWork[]): (work: WaitingWork) => number {
  const pods = new Map<string, number>();
  for (const work of all) pods.set(work.origin, (pods.get(work.origin) ?? 0) + work.pods);
  return ({ origin }) => pods.get(origin) ?? 1;
}

function placesOf(
  work: WaitingWork,
  { usableZones, zones, carbonSchedulers }: ReconcilerOptions,
  together: number,
): Places {
  const { requirements } = work;
  const usable = usableZones?.(requirements, { ...identityOf(work), together });
  if (usable === undefined) return { kind: 'cleanest', zones: zones() ?? [] };
  const prefersClean = carbonSchedulers === undefined || carbonSchedulers.includes(requirements.schedulerName);
  if (prefersClean && !usable.isSplit)
    return { kind: 'cleanest', zones: usable.zones.size + usable.unknown === 0 ? NO_ZONES : [...usable.zones.keys()] };
  return { kind: 'any', nodes: usable.zones, unknown: usable.unknown };
}
