import { ALERT_SHARES, type BurnDown } from '../../shared/calculator/budget.ts';
import { type BudgetSources, type BudgetStanding, burnDowns } from '../../shared/calculator/recorded/burn-downs.ts';
import type { ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { BudgetMetrics } from './budget-metrics.ts';

/** How often budgets are compared with what was emitted, in milliseconds. */
const EVERY_MS = 5 * 60_000;

/** Sends an alert to people; false when it should be tried again in five minutes. Must not throw. */
export type SendAlert = (text: string, signal: AbortSignal) => Promise<boolean>;

/** What the budget task is given. */
export interface BudgetTaskOptions extends Omit<BudgetSources, 'zoneOfNode'> {
  /** The zones of nodes, as known by now. */
  readonly zonesOfNodes: () => Promise<ZoneOfNode>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: BudgetMetrics;
  /** Absent: alerts are log lines alone. */
  readonly send?: SendAlert | undefined;
}

/** Shows the burn-down of all budgets in the metrics, and alerts once per period at 80 % and once at 100 %. */
export function startBudgetTask(options: BudgetTaskOptions): AsyncDisposable {
  const { clock, logger, metrics } = options;
  const loop = startLoop({
    name: 'budgets',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: async (signal) => {
      const standings = await burnDowns({ ...options, zoneOfNode: await options.zonesOfNodes() }, clock.now());
      metrics.show(standings.map(({ standing }) => standing));
      for (const each of standings) await alert(each, options, signal);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      // The poller that takes over exports the budgets now: exported twice they would add up to double.
      metrics.show([]);
    },
  };
}

/** The share that an alert is due for: the highest one that is reached and was not yet reported in this period. */
function dueShare({ budget, standing }: BudgetStanding): number | undefined {
  const { used_share } = standing;
  if (used_share === null) return undefined;
  const reported = budget.alerted_period === Date.parse(standing.period_start) ? budget.alerted_share : 0;
  return ALERT_SHARES.findLast((share) => used_share >= share && share > reported);
}

async function alert(each: BudgetStanding, options: BudgetTaskOptions, signal: AbortSignal): Promise<void> {
  const { budget, standing } = each;
  const share = dueShare(each);
  if (share === undefined) return;
  const sent = options.send === undefined || (await options.send(alertText(standing, share), signal));
  if (!sent) return;
  await options.books.noteAlert(budget, Date.parse(standing.period_start), share);
  options.logger.warn(
    { code: 'BUDGET_THRESHOLD_REACHED', ...standing, threshold: share },
    'a carbon budget has reached an alert threshold; see GET /api/budgets',
  );
}

function alertText(
  { kind, name, per, budget_gCO2e, used_gCO2e, used_share, period_start, coverage }: BurnDown,
  share: number,
): string {
  const percent = ((used_share ?? 0) * 100).toFixed(1);
  const state = share >= 1 ? 'is used up' : 'is nearly used up';
  return `Carbon budget of ${kind} ${name} ${state}: ${used_gCO2e?.toFixed(0)} of ${budget_gCO2e} gCO2e (${percent} %) in the ${per} from ${period_start.slice(0, 10)}; ${(coverage * 100).toFixed(0)} % of the use is known.`;
}
