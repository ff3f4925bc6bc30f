// Flow: the writer of the embedded store killed again and again, and what it left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { joulesOfHours, openSqliteReader } from '../opened-parts.ts';

it('the embedded store loses no acknowledged tick and counts none twice in 50 kills at any moment', {
  timeout: 300_000,
}, async () => {
  const at = mkdtempSync(join(tmpdir(), 'store-kill-'));
  let acknowledged = 0;
  for (let kill = 0; kill < 50; kill += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-writer.ts'), at], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (text: Buffer) => {
      for (const line of text.toString().trim().split('\n')) acknowledged = Math.max(acknowledged, Number(line));
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 7 + (kill % 10) * 23));
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  const { count, total } = await recorded(at);

  expect(acknowledged).toBeGreaterThan(10);
  expect(count).toBeGreaterThanOrEqual(acknowledged);
  // Tick n holds n joules for each of three containers: whatever its number, every tick is there exactly once.
  expect(total).toBe((3 * count * (count + 1)) / 2);
  expect(await joulesOfHours(at)).toBe(total);
  rmSync(at, { recursive: true });
});

async function recorded(at: string): Promise<{ count: number; total: number }> {
  await using store = openSqliteReader(at);
  let count = 0;
  let total = 0;
  for await (const samples of store.samples({}, { from: 0, to: Number.MAX_SAFE_INTEGER }))
    for (const sample of samples) {
      count += 1;
      total += sample.joules;
    }
  return { count: count / 3, total };
}
