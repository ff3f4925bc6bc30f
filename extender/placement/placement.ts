import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { nodePowerFile } from '../../shared/runtime/node-power-setting.ts';
import { zoneCorrections } from '../../shared/runtime/zone-settings.ts';
import type { ExtenderConfig } from '../config.ts';
import { createEventWriter, type WriteEvent } from '../kubernetes/events.ts';
import { createExtenderMetrics, type ExtenderMetrics } from '../metrics.ts';
import { createPlacement, type Placement } from '../webhook/verbs.ts';
import { type InvalidAnnotation, UNKNOWN_ANNOTATION } from './annotations.ts';
import { type BoundPod, watchBindings } from './bindings.ts';
import { watchNamespaces } from './namespaces.ts';
import { watchNodePower } from './node-power-watch.ts';
import { publishNodeZones } from './node-zone-publisher.ts';
import { configuredDirectory, watchNodes } from './nodes.ts';
import { describePlacement } from './outcome.ts';
import { createPlacementLink, type PlacementLink, type ToApi } from './placement-link.ts';
import { type RecordSources, recordOf } from './placement-records.ts';
import { createPodPolicies, NO_NAMESPACES } from './pod-policy.ts';
import { createUnplacedNodes } from './unplaced-nodes.ts';

/** Placements as they are decided, told and recorded. */
export interface RunningPlacement extends AsyncDisposable {
  readonly placement: Placement;
  readonly metrics: ExtenderMetrics;
  readonly link: PlacementLink;
  /** The extender's one writer of Events; does nothing where POD_EVENTS is off. */
  readonly writeEvent: WriteEvent;
  /** Zones that work of the cluster can be placed in; undefined while its nodes are being listed. */
  readonly zones: () => readonly Zone[] | undefined;
  /** Zone of a node by its name, from its labels or the configuration. */
  readonly zoneOf: (node: string) => Zone | undefined;
}

/** What placements are started with. */
export interface PlacementOptions {
  readonly config: ExtenderConfig;
  readonly cache: () => CacheState;
  /** Undefined where there is no cluster: zones come from the configuration and `Nodes` bodies alone. */
  readonly client: KubernetesClient | undefined;
  /** Sends to the thread that owns the store; false where none was started yet. */
  readonly post: (message: ToApi) => boolean;
  /** The wait of a Job that the deferral controller released; undefined for any other. */
  readonly releasedJob: RecordSources['releasedJob'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts everything that placements need around the verbs: watches of the cluster, Events, records. */
export function startPlacement(options: PlacementOptions): RunningPlacement {
  const { config, cache, client, post, releasedJob, clock, logger } = options;
  const stack = new AsyncDisposableStack();
  const configured = configuredDirectory(config.ZONE_MAP, config.DEFAULT_ZONE);
  warnOfCorrections(config, logger);
  const nodes = client && stack.use(watchNodes(client, configured, { clock, logger }));
  if (nodes) stack.use(publishNodeZones(nodes, post, { clock, logger }));
  const metrics = createExtenderMetrics(cache, { nodeWatchAgeMs: () => nodes?.ageMs() });
  const onIgnored = (invalid: readonly InvalidAnnotation[]) => {
    // Names that nobody knows are without number, and a metric's label must not be.
    for (const { annotation, problem } of invalid)
      metrics.countIgnored(problem === UNKNOWN_ANNOTATION ? 'unknown' : annotation);
  };
  const namespaces = client ? stack.use(watchNamespaces(client, { clock, logger, onIgnored })) : NO_NAMESPACES;
  const power = stack.use(watchNodePower(nodePowerFile(config), { clock, logger }));
  const link = stack.use(createPlacementLink({ post, count: metrics.countDecisions, clock, logger }));
  const writeEvent = eventWriter(options, metrics);
  const unplaced = createUnplacedNodes({ logger, count: metrics.countUnplaced });
  const cluster = { mode: config.PLACEMENT_MODE, preferences: config.DEFAULT_WISHES ?? {} };
  const directory = nodes ?? configured;
  const placement = createPlacement({
    cache,
    directory,
    power,
    history: link,
    namespaces,
    cluster,
    metrics,
    clock,
    onUnplaced(names) {
      // Before the first list every node is unknown, which says nothing about any.
      if (nodes === undefined || nodes.ageMs() !== undefined) unplaced.note(names);
    },
    onInvalidAnnotations({ metadata = {} }, { invalid }) {
      onIgnored(invalid);
      const { namespace = 'default', name = '', uid = '' } = metadata;
      const message = invalid
        .map(({ annotation, value, problem }) => `${annotation}: "${value}" ${problem}`)
        .join('; ');
      logger.info(
        { namespace, pod: name, annotations: invalid },
        'annotations of a pod cannot be read and are ignored',
      );
      writeEvent({
        about: { kind: 'Pod', namespace, name, uid },
        type: 'Warning',
        reason: 'CarbonAnnotationIgnored',
        message: `ignored: ${message}`,
      });
    },
  });
  const { log } = placement;
  const records = { log, policyOf: createPodPolicies(cluster, namespaces), directory, cache, releasedJob };
  const onBound = (bound: BoundPod) => tellBinding(bound, { records, metrics, link, writeEvent, options });
  if (client) stack.use(watchBindings(client, { clock, logger, onBound }));
  // Part of a list would be taken for all the zones that there are.
  const zones = () =>
    nodes !== undefined && nodes.ageMs() === undefined ? undefined : clusterZones(nodes?.zones() ?? [], config);
  return {
    placement,
    metrics,
    link,
    writeEvent,
    zones,
    zoneOf: directory.zoneOf,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Zones of the nodes that tell one, and those of the configuration: DEFAULT_ZONE only counts where no node tells its own. */
function clusterZones(told: readonly Zone[], { ZONE_MAP, DEFAULT_ZONE }: ExtenderConfig): readonly Zone[] {
  const zones = new Set([...told, ...ZONE_MAP.values()]);
  if (told.length === 0 && DEFAULT_ZONE !== undefined) zones.add(DEFAULT_ZONE);
  return [...zones];
}

function tellBinding(
  bound: BoundPod,
  told: {
    readonly records: RecordSources;
    readonly metrics: ExtenderMetrics;
    readonly link: PlacementLink;
    readonly writeEvent: WriteEvent;
    readonly options: PlacementOptions;
  },
): void {
  const { config, clock, logger } = told.options;
  const decision = recordOf(bound, clock.now(), told.records);
  if (decision === undefined) return;
  if (config.DECISION_RECORDS) told.link.keep(decision);
  const { namespace, pod, uid, node, mode, candidates } = decision;
  if (mode === 'off' || candidates === 0) return;
  told.metrics.countPlaced(decision.zone ?? undefined);
  const message = describePlacement(decision);
  if (mode === 'advise') logger.info({ namespace, pod, node, message }, 'a placement was only advised');
  if (message === undefined) return;
  told.writeEvent({
    about: { kind: 'Pod', namespace, name: pod, uid },
    type: 'Normal',
    reason: 'CarbonPlacement',
    message,
  });
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

function warnOfCorrections(config: ExtenderConfig, logger: Logger): void {
  const corrections = zoneCorrections(config);
  if (corrections.size === 0) return;
  logger.warn(
    { corrections: Object.fromEntries(corrections) },
    'zone codes in ZONE_MAP or DEFAULT_ZONE were corrected',
  );
}
