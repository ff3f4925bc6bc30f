import { toldElse } from '../../shared/grid/zone-of-node.ts';
import type { WritableStore } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { whileHeld } from '../../shared/runtime/lease.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { zoneByName } from '../../shared/runtime/zone-settings.ts';
import { openLease } from '../../shared/store/open-lease.ts';
import { openNodeZones } from '../../shared/store/open-node-zones.ts';
import { openWorkloadStore } from '../../shared/store/open-workloads.ts';
import type { PollerConfig } from '../config.ts';
import type { BudgetMetrics } from './budget-metrics.ts';
import { slackAlerts } from './slack.ts';
import { startBudgetTask } from './task.ts';

/** Opens the stores of the budget task and runs it; of several pollers on one database only one compares and alerts. */
export async function startBudgets(options: {
  readonly config: PollerConfig;
  readonly history: WritableStore;
  readonly metrics: BudgetMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<AsyncDisposable> {
  const { config, history, metrics, clock, logger } = options;
  await using stack = new AsyncDisposableStack();
  const workloads = stack.use(await openWorkloadStore(config));
  const nodes = stack.use(await openNodeZones(config));
  const lease = stack.use(await openLease(config, 'budgets', { clock, logger }));
  const configured = zoneByName(config);
  const zonesOfNodes = async () => {
    const reported = await nodes.nodeZones();
    return toldElse((node) => reported.get(node), configured);
  };
  const send = slackAlerts(config.SLACK_WEBHOOK_URL, clock, logger);
  stack.use(
    whileHeld(lease, () => startBudgetTask({ books: workloads, history, zonesOfNodes, clock, logger, metrics, send })),
  );
  return stack.move();
}
