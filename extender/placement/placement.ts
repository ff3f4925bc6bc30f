import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { nodePowerFile } from '../../shared/runtime/node-power-setting.ts';
import { type GatePresence, watchGatePresence } from '../admission/gate-presence.ts';
import type { ExtenderConfig } from '../config.ts';
import { createEventWriter, type WriteEvent } from '../kubernetes/events.ts';
import { createExtenderMetrics, type ExtenderMetrics } from '../metrics.ts';
import { type BoundPod, watchBindings } from './bindings.ts';
import type { BoundDecisionSources } from './bound-decision.ts';
import { clusterZones } from './cluster-zones.ts';
import { createPlacementDecisions, type PlacementDecisions } from './decisions.ts';
import { watchNamespaces } from './namespaces.ts';
import { watchNodePower } from './node-power-watch.ts';
import { NO_UTILISATION_LIMIT, watchNodeUtilisation } from './node-utilisation.ts';
import { publishNodeZones } from './node-zone-publisher.ts';
import { configuredDirectory, watchNodes } from './nodes.ts';
import { createPlacementLink, type PlacementLink, type ToApi } from './placement-link.ts';
import { createPodPolicies, NO_NAMESPACES } from './pod-policy.ts';
import { reportBoundPod, reportInvalidAnnotations } from './report-placement.ts';
import { createUnplacedNodes } from './unplaced-nodes.ts';

/** Placement decisions as they are made, reported and recorded. */
export interface RunningPlacement extends AsyncDisposable {
  readonly decisions: PlacementDecisions;
  readonly metrics: ExtenderMetrics;
  readonly link: PlacementLink;
  /** The extender's one writer of Events; does nothing where POD_EVENTS is off. */
  readonly writeEvent: WriteEvent;
  /** Zones that work of the cluster can be placed in; undefined while its nodes are being listed. */
  readonly zones: () => readonly Zone[] | undefined;
  /** What applies to an object of a namespace, by its annotations. */
  readonly policyOf: ReturnType<typeof createPodPolicies>;
  /** What gates work on this cluster; `unknown` also where nothing is deferred. */
  readonly gatePresence: () => GatePresence;
  /** Zone of a node by its name, from its labels or the configuration. */
  readonly zoneOf: (node: string) => Zone | undefined;
}

/** What placement is started with. */
export interface PlacementOptions {
  readonly config: ExtenderConfig;
  readonly cache: () => CacheState;
  /** Undefined without a cluster: zones come from the configuration and `Nodes` bodies alone. */
  readonly client: KubernetesClient | undefined;
  /** Sends to the thread that owns the store; false before it has been started. */
  readonly post: (message: ToApi) => boolean;
  /** The wait of a Job that the deferral controller released; undefined for any other. */
  readonly releasedJob: BoundDecisionSources['releasedJob'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts everything that decisions need around them: watches of the cluster, Events, records. */
export function startPlacement(options: PlacementOptions): RunningPlacement {
  const { config, cache, client, post, releasedJob, clock, logger } = options;
  const stack = new AsyncDisposableStack();
  const configured = configuredDirectory(config.ZONE_MAP, config.DEFAULT_ZONE);
  const nodes = client && stack.use(watchNodes(client, configured, { clock, logger }));
  if (nodes) stack.use(publishNodeZones(nodes, post, { clock, logger }));
  const limitPercent = config.MAX_NODE_UTILISATION;
  const utilisation =
    client && limitPercent !== undefined
      ? stack.use(watchNodeUtilisation(client, { limitPercent, clock, logger }))
      : NO_UTILISATION_LIMIT;
  const fullNodes = () => utilisation.above.size;
  const metrics = createExtenderMetrics(cache, { nodeWatchAgeMs: () => nodes?.ageMs(), fullNodes });
  const onIgnored = metrics.countIgnored;
  const namespaces = client ? stack.use(watchNamespaces(client, { clock, logger, onIgnored })) : NO_NAMESPACES;
  const power = stack.use(watchNodePower(nodePowerFile(config), { clock, logger }));
  const link = stack.use(createPlacementLink({ post, count: metrics.countDecisions, clock, logger }));
  const writeEvent = eventWriter(options, metrics);
  const gate = gateWatch(options);
  if (gate) stack.use(gate);
  const gatePresence = () => gate?.presence() ?? 'unknown';
  const hasNoGate = () => gatePresence() === 'none';
  const reports = { metrics, link, writeEvent, keepDecisions: config.DECISION_RECORDS, hasNoGate, clock, logger };
  const unplaced = createUnplacedNodes({ logger, count: metrics.countUnplaced });
  const cluster = { mode: config.PLACEMENT_MODE, preferences: config.DEFAULT_ANNOTATIONS ?? {} };
  const directory = nodes ?? configured;
  const decisions = createPlacementDecisions({
    ...{ cache, directory, power, history: link, utilisation, namespaces, cluster, metrics, clock },
    onUnplaced(names) {
      // Before the first list the zone of no node is known, which says nothing new of any.
      if (nodes === undefined || nodes.ageMs() !== undefined) unplaced.note(names);
    },
    onInvalidAnnotations: (pod, policy) => reportInvalidAnnotations(pod, policy, reports),
  });
  const policyOf = createPodPolicies(cluster, namespaces);
  const sources = { log: decisions.log, policyOf, directory, cache, releasedJob };
  const onBound = (bound: BoundPod) => reportBoundPod(bound, sources, reports);
  if (client) stack.use(watchBindings(client, { clock, logger, onBound }));
  const zones = () => clusterZones(nodes, config);
  const { zoneOf } = directory;
  return {
    ...{ decisions, metrics, link, writeEvent, zones, zoneOf, policyOf, gatePresence },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function gateWatch({ config, client, clock, logger }: PlacementOptions) {
  if (client === undefined || config.DEFERRAL !== 'on') return undefined;
  return watchGatePresence({ client, name: config.ADMISSION_NAME, clock, logger });
}

function eventWriter({ config, client, clock, logger }: PlacementOptions, metrics: ExtenderMetrics): WriteEvent {
  if (client === undefined || !config.POD_EVENTS) return () => undefined;
  return createEventWriter(client, {
    perMinute: config.POD_EVENTS_PER_MINUTE,
    clock,
    logger,
    count: metrics.countEvent,
  });
}
