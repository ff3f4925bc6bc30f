// Flow: `carbon demo` as a process, until every view of the page has something to show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../laws/sources.ts';
import { temporaryFolder } from './run.ts';

/** Longest wait on a busy machine, in milliseconds; an idle one needs less than ten seconds. */
const WITHIN_MS = 90_000;

describe('carbon demo', { timeout: 150_000 }, () => {
  it('has placements, waiting jobs, savings, a budget near its limit and two sites', async () => {
    using folder = temporaryFolder();
    const [EXTENDER_PORT, API_PORT, POLLER_PORT] = await Promise.all([freePort(), freePort(), freePort()]);
    const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), 'demo'], {
      env: { DATA_DIR: folder.path, EXTENDER_PORT, API_PORT, POLLER_PORT },
      stdio: 'ignore',
    });
    // biome-ignore lint/suspicious/noExplicitAny: responses of several resources; the assertions name their fields.
    const get = async (path: string): Promise<any> =>
      fetch(`http://127.0.0.1:${API_PORT}${path}`).then(
        (response) => response.json(),
        () => undefined,
      );

    try {
      const poll = { timeout: WITHIN_MS, interval: 500 };
      await expect.poll(async () => (await get('/api/decisions?window=60m'))?.count ?? 0, poll).toBeGreaterThan(5);
      await expect.poll(async () => (await get('/api/waiting'))?.total ?? 0, poll).toBeGreaterThan(3);
      await expect.poll(async () => (await get('/sites'))?.sites?.length ?? 0, poll).toBe(2);
      await expect.poll(async () => (await get('/api/budgets'))?.budgets?.length ?? 0, poll).toBe(2);
      const [grid, waiting, savings, budgets, emissions] = await Promise.all(
        ['/api/grid', '/api/waiting', '/api/savings?limit=0', '/api/budgets', '/api/emissions?window=30d'].map(get),
      );

      expect(grid).toMatchObject({ state: 'fresh', simulated: true });
      expect(waiting.waiting.some((work: { planned_start: string | null }) => work.planned_start !== null)).toBe(true);
      expect(savings.totals.map(({ baseline }: { baseline: string }) => baseline)).toEqual([
        'arrival',
        'candidates-mean',
      ]);
      expect(budgets.budgets.find(({ name }: { name: string }) => name === 'simulated-shop').used_share).toBeCloseTo(
        0.85,
        1,
      );
      expect(Object.keys(emissions.data[0])).toContain('simulated-batch');
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}
