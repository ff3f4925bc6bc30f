import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createBudgetMetrics } from '../../../poller/budgets/budget-metrics.ts';
import { type SendAlert, startBudgetTask } from '../../../poller/budgets/task.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { capturedLog } from '../../captured-log.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteWorkloads, openSqliteWriter } from '../../shared/store/opened-parts.ts';
import { workload } from '../../shared/store/workloads-contract.ts';

const NOON = Date.parse('2026-01-15T12:00:00Z');
const ROUND_MS = 5 * 60_000;

describe('the budget task', () => {
  it('alerts once at 80 % and once at 100 %, also across a restart, and anew in the next period', async () => {
    await using at = await stage();
    await at.spend(NOON - 2 * HOUR_MS, 79);
    await at.rounds(2);
    const below = [...at.sent];

    await at.spend(NOON - HOUR_MS, 1);
    await at.rounds(3);
    const warned = [...at.sent];
    await at.restart();
    await at.rounds(2);
    await at.spend(NOON - 3 * HOUR_MS, 30);
    await at.rounds(2);
    const exceeded = [...at.sent];
    await at.clock.advance(24 * HOUR_MS);
    await at.spend(NOON + 20 * HOUR_MS, 85);
    await at.rounds(2);

    expect(below).toEqual([]);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain(
      'service checkout is nearly used up: 80 of 100 gCO2e (80.0 %) in the day from 2026-01-15',
    );
    expect(exceeded).toHaveLength(2);
    expect(exceeded[1]).toContain('is used up: 110 of 100');
    expect(at.sent).toHaveLength(3);
    expect(at.sent[2]).toContain('2026-01-16');
  });

  it('tells only of 100 % when both thresholds are passed at once', async () => {
    await using at = await stage();
    await at.spend(NOON - HOUR_MS, 150);

    await at.rounds(2);

    expect(at.sent).toHaveLength(1);
    expect(at.sent[0]).toContain('is used up');
  });

  it('tries again when an alert could not be sent', async () => {
    await using at = await stage();
    at.reachable = false;
    await at.spend(NOON - HOUR_MS, 90);
    await at.rounds(2);
    const log = at.log.at('warn').length;
    at.reachable = true;

    await at.rounds(2);

    expect(log).toBe(0);
    expect(at.sent).toHaveLength(1);
    expect(at.log.at('warn')).toHaveLength(1);
  });

  it('shows the burn-down in metrics; what is unknown has no value', async () => {
    await using at = await stage();
    await at.workloads.setBudget({ kind: 'namespace', name: 'dark', per: 'month', grams: 7 });
    await at.spend(NOON - HOUR_MS, 25);

    await at.rounds(1);

    const text = await at.registry.metrics();
    expect(text).toContain('carbon_budget_grams{kind="namespace",name="dark",per="month"} 7');
    expect(text).toContain('carbon_budget_used_grams{kind="service",name="checkout",per="day"} 25');
    expect(text).toContain('carbon_budget_used_ratio{kind="service",name="checkout",per="day"} 0.25');
    expect(text).not.toMatch(/carbon_budget_used_\w+\{kind="namespace"/);
  });
});

async function stage() {
  const folder = temporaryFolder();
  const history = openSqliteWriter(folder.path);
  const workloads = openSqliteWorkloads(folder.path);
  await workloads.setBudget({ kind: 'service', name: 'checkout', per: 'day', grams: 100 });
  const clock = new FakeClock(NOON);
  const registry = new Registry();
  const metrics = createBudgetMetrics(registry);
  const log = capturedLog();
  const sent: string[] = [];
  const state = { reachable: true };
  const send: SendAlert = async (text) => {
    if (state.reachable) sent.push(text);
    return state.reachable;
  };
  const begin = () =>
    startBudgetTask({
      books: workloads,
      history,
      zonesOfNodes: async () => () => zone('DE'),
      clock,
      logger: log,
      metrics,
      send,
    });
  let task = begin();
  return {
    clock,
    log,
    registry,
    sent,
    workloads,
    set reachable(value: boolean) {
      state.reachable = value;
    },
    spend: (start: number, total_gCO2e: number) =>
      workloads.saveWorkloads([workload({ period_start: start, period_end: start + HOUR_MS, total_gCO2e })]),
    rounds: (count: number) => clock.advance(count * ROUND_MS),
    async restart() {
      await task[Symbol.asyncDispose]();
      task = begin();
    },
    async [Symbol.asyncDispose]() {
      await task[Symbol.asyncDispose]();
      await workloads[Symbol.asyncDispose]();
      await history[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
