// Flow: `carbon demo` as a process, until every view of the page and every reporting command has something to show.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../laws/sources.ts';
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

  it('has the container of the first request in the README', async () => {
    const [body = ''] = /\{"pod":.*\}/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    const measurements = () => demo.post('/api/co2-per-container', body);

    await expect
      .poll(measurements, { timeout: WITHIN_MS, interval: 500 })
      .toMatchObject([{ co2_emissions_by_country: { DE: { quality: 'simulated' }, PL: {}, FR: {} } }]);
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
