import { Gauge, type Registry } from 'prom-client';
import type { BurnDown } from '../../shared/calculator/budget.ts';

/** The metrics of carbon budgets. */
export type BudgetMetrics = ReturnType<typeof createBudgetMetrics>;

/** Makes the metrics of carbon budgets. A budget whose use is unknown has no `used` metrics, rather than 0. */
export function createBudgetMetrics(registry: Registry) {
  const labelNames = ['kind', 'name', 'per'] as const;
  const registers = [registry];
  const budget = new Gauge({
    name: 'carbon_budget_grams',
    help: 'Carbon budget of a namespace or service per period in gCO2eq',
    labelNames,
    registers,
  });
  const used = new Gauge({
    name: 'carbon_budget_used_grams',
    help: 'Emissions charged to a budget in its current period in gCO2eq',
    labelNames,
    registers,
  });
  const ratio = new Gauge({
    name: 'carbon_budget_used_ratio',
    help: 'Used share of a budget in its current period; 1 is all of it',
    labelNames,
    registers,
  });
  const coverage = new Gauge({
    name: 'carbon_budget_coverage_ratio',
    help: 'Share of the use of a budget whose emissions are known',
    labelNames,
    registers,
  });
  return {
    /** Exports these budgets and no others. */
    show(standings: readonly BurnDown[]): void {
      for (const gauge of [budget, used, ratio, coverage]) gauge.reset();
      for (const { kind, name, per, budget_gCO2e, used_gCO2e, used_share, coverage: known } of standings) {
        const labels = { kind, name, per };
        budget.set(labels, budget_gCO2e);
        coverage.set(labels, known);
        if (used_gCO2e !== null) used.set(labels, used_gCO2e);
        if (used_share !== null) ratio.set(labels, used_share);
      }
    },
  };
}
