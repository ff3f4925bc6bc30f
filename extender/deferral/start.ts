import { hostname } from 'node:os';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { type Clock, systemClock } from '../../shared/runtime/clock.ts';
import { ConfigError, type Environment, loadConfig } from '../../shared/runtime/config.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../../shared/runtime/kubernetes/connect.ts';
import { EXIT } from '../../shared/runtime/lifecycle.ts';
import { createLogger, type Logger } from '../../shared/runtime/logger.ts';
import { type ExtenderConfig, watchdogConfigSchema } from '../config.ts';
import type { WriteEvent } from '../kubernetes/events.ts';
import type { ReleasedWork } from './actions.ts';
import { type RunningDeferral, startDeferral } from './controller.ts';
import type { DeferralMetrics } from './deferral-metrics.ts';
import type { BudgetWatch } from './over-budget.ts';
import type { WaitingList } from './waiting-list.ts';
import { runWatchdog } from './watchdog.ts';

/** What the extender provides to the deferral controller. */
export interface DeferralSources {
  readonly config: ExtenderConfig;
  /** The cluster; undefined where there is none. */
  readonly client: KubernetesClient | undefined;
  readonly cache: () => CacheState;
  readonly zones: () => readonly Zone[] | undefined;
  /** Zone of a node by its name. */
  readonly zoneOf: (node: string) => Zone | undefined;
  readonly writeEvent: WriteEvent;
  readonly onReleased?: (released: ReleasedWork) => void;
  readonly onWaiting?: (list: WaitingList) => void;
  /** Namespaces whose carbon budget is used up; absent: not known here. */
  readonly budgets?: BudgetWatch;
  readonly metrics: DeferralMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts the deferral controller as the settings say; undefined where it is off or there is no cluster. */
export function startConfiguredDeferral(sources: DeferralSources): RunningDeferral | undefined {
  const { config, client, logger, budgets, ...rest } = sources;
  const { DEFERRAL: mode, BUDGET_MAX_DELAY: budgetDelayMs } = config;
  if (mode === 'off') return undefined;
  if (client === undefined) {
    logger.warn(
      { code: 'DEFERRAL_WITHOUT_CLUSTER', DEFERRAL: mode },
      'nothing is deferred: no Kubernetes API is configured; set KUBECONFIG or run inside the cluster',
    );
    sources.onWaiting?.({ deferral: 'off', total: 0, entries: [] });
    return undefined;
  }
  const identity = `${hostname()}-${crypto.randomUUID().slice(0, 8)}`;
  logger.info({ DEFERRAL: mode, identity, cluster: client.server }, 'deferral controller started');
  return startDeferral({
    ...rest,
    client,
    mode,
    logger,
    periodMs: config.DEFERRAL_PERIOD_SECONDS * 1_000,
    budgetDelayOf: (namespace) => (budgets?.isOver(namespace) ? budgetDelayMs : undefined),
    clusterMode: config.PLACEMENT_MODE,
    carbonSchedulers: config.DEFERRAL_SCHEDULERS,
    releasePerMinute: config.RELEASE_PER_MINUTE,
    defaultDurationHours: config.DEFERRAL_DEFAULT_MINUTES / 60,
    ...(config.DEFAULT_ANNOTATIONS && { clusterPreferences: config.DEFAULT_ANNOTATIONS }),
    lease: { namespace: config.DEFERRAL_NAMESPACE, identity },
  });
}

/** Runs the watchdog once with the settings of the environment; resolves with exit code 0, rejects when anything is left behind its deadline. */
export async function watchdogOnce(env: Environment): Promise<number> {
  const config = loadConfig('watchdog', watchdogConfigSchema, env);
  const logger = createLogger('watchdog', config.LOG_LEVEL);
  await using client = connectKubernetes(config);
  if (client === undefined)
    throw new ConfigError('watchdog', ['KUBECONFIG: is missing, and this is not inside a cluster']);
  const { failed } = await runWatchdog({
    client,
    clusterPreferences: config.DEFAULT_ANNOTATIONS,
    clock: systemClock,
    logger,
  });
  if (failed > 0) throw new Error(`${failed} gates whose deadline has passed could not be opened`);
  return EXIT.ok;
}
