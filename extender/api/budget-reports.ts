import { type BudgetSources, burnDowns } from '../../shared/calculator/recorded/burn-downs.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { OverBudget } from '../deferral/over-budget.ts';

const REPORT_EVERY_MS = 5 * 60_000;

/** Reports the namespaces whose carbon budget is used up to the scheduling thread, every five minutes. */
export function startBudgetReports(
  sources: BudgetSources & {
    readonly post: (report: OverBudget) => void;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): AsyncDisposable {
  const { post, clock, logger } = sources;
  const task = async () => {
    const all = await burnDowns(sources, clock.now());
    const over = all
      .map(({ standing }) => standing)
      .filter(({ kind, state }) => kind === 'namespace' && state === 'exceeded');
    post({ kind: 'over-budget', namespaces: [...new Set(over.map(({ name }) => name))].sort() });
  };
  return startLoop({ name: 'budget reports', intervalMs: REPORT_EVERY_MS, clock, logger, task });
}
