import { reportedElse, type ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { whileHeld } from '../../shared/runtime/lease.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { outboundDispatcher } from '../../shared/runtime/outbound.ts';
import { zoneByName } from '../../shared/runtime/zone-settings.ts';
import type { RecordingStore } from '../../shared/store/store.ts';
import type { PollerConfig } from '../config.ts';
import type { BudgetMetrics } from './budget-metrics.ts';
import { slackAlerts } from './slack.ts';
import { startBudgetTask } from './task.ts';

/** Runs the budget task while its lease is held: of several pollers on one database only one compares and alerts. */
export function startBudgets(options: {
  readonly config: PollerConfig;
  readonly store: RecordingStore;
  readonly metrics: BudgetMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}): AsyncDisposable {
  const { config, store, metrics, clock, logger } = options;
  const { history, workloads } = store;
  const stack = new AsyncDisposableStack();
  const lease = stack.use(store.lease('budgets'));
  const send = slackAlerts(config.SLACK_WEBHOOK_URL, clock, logger, outboundDispatcher(config));
  stack.use(
    whileHeld(lease, () =>
      startBudgetTask({
        books: workloads,
        history,
        zonesOfNodes: zonesOfNodes(config, store),
        clock,
        logger,
        metrics,
        send,
      }),
    ),
  );
  return stack;
}

/** Reads the zones of nodes: those that nodes reported, or the configured ones for nodes that have not. */
export function zonesOfNodes(
  config: PollerConfig,
  { nodeZones }: Pick<RecordingStore, 'nodeZones'>,
): () => Promise<ZoneOfNode> {
  const configured = zoneByName(config);
  return async () => {
    const reported = await nodeZones.nodeZones();
    return reportedElse((node) => reported.get(node), configured);
  };
}
