// Flow: `carbon demo` as a process, until every view of the page and every reporting command has something to show.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './run.ts';
import { type StartedDemo, startDemo, VISIBLE } from './started-demo.ts';

/** Longest wait on a busy machine, in milliseconds; `npm run bench demo` measures the ten seconds. */
const WITHIN_MS = 90_000;

describe('carbon demo', { timeout: 150_000 }, () => {
  const stack = new AsyncDisposableStack();
  let demo: StartedDemo;
  beforeAll(async () => {
    const folder = stack.use(temporaryFolder());
    demo = stack.use(await startDemo(folder.path));
  });
  afterAll(() => stack.disposeAsync());

  it.each(Object.entries(VISIBLE))('shows %s', async (_name, isVisible) => {
    await expect.poll(() => isVisible(demo), { timeout: WITHIN_MS, interval: 500 }).toBe(true);
  });

  it('says everywhere that it is simulated', async () => {
    const [grid, savings] = await Promise.all(['/api/grid', '/api/savings?limit=0'].map(demo.get));

    expect(grid).toMatchObject({ simulated: true });
    for (const { qualities } of savings.totals) expect(qualities).toEqual(['simulated']);
  });

  it('has something to report on the command line', async () => {
    const [savings, report, windows, budgets, emissions, zones] = await Promise.all(
      [['savings'], ['report'], ['windows', '--zone', 'DE'], ['budget', 'list'], ['emissions'], ['zones']].map((args) =>
        demo.carbon(...args),
      ),
    );

    expect(savings).toMatch(/^arrival .* simulated$/m);
    expect(report).toMatch(/api-gateway/);
    expect(windows).toContain('DE: cleanest 4 h ahead');
    expect(budgets).toMatch(/^namespace simulated-shop .* 8\d\.\d % .* warning/m);
    expect(emissions).toMatch(/^simulated-batch /m);
    expect(zones).toMatch(/US-NW-BPAT .* simulated/);
  });
});
