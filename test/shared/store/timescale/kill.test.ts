// Flow: writers to PostgreSQL that are killed.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { spooledHistory } from '../../../../shared/store/spool/spooled-history.ts';
import { capturedLog } from '../../../captured-log.ts';
import { spawn } from '../../../children.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { eventually } from '../../../started-process.ts';
import { openTimescaleWriter } from '../opened-parts.ts';

const KILLS = 50;
const root = mkdtempSync(join(tmpdir(), 'kill-db-'));
afterAll(() => rmSync(root, { recursive: true }));

describeDatabases('a recorder that is killed', (name, server) => {
  it(`loses nothing that it acknowledged and counts nothing twice, in ${KILLS} kills, the database away in half of them`, {
    timeout: 240_000,
  }, async () => {
    const folder = join(root, name.replace(' ', '-'));
    const dsn = await server().database();
    const acknowledged = new Set<number>();
    let next = 1;
    let up = true;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'killed-writer.ts'), dsn, folder, String(next)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let rest = '';
      child.stdout.on('data', (text: Buffer) => {
        const lines = (rest + text.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) acknowledged.add(Number(line));
      });
      const closed = once(child, 'close');
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, (kill * 29) % 130));
      // Every second time the database goes or comes in the middle, so that kills meet spooling and delivery.
      if (kill % 2 === 1) {
        await (up ? server().kill() : server().start());
        up = !up;
        await new Promise((resolve) => setTimeout(resolve, (kill * 17) % 90));
      }
      child.kill('SIGKILL');
      await closed;
      next = Math.max(...acknowledged) + 1;
    }
    if (!up) await server().start();

    await using store = await spooledHistory(openTimescaleWriter(dsn), {
      folder: join(folder, 'spool'),
      maxBytes: 100_000_000,
      clock: systemClock,
      logger: capturedLog(),
    });
    await eventually(
      async () => store.backlog().entries,
      (entries) => entries === 0,
    );

    const times = new Map<number, number>();
    for await (const samples of store.samples({}, { from: 0, to: 9e12 }))
      for (const sample of samples) times.set(sample.joules, (times.get(sample.joules) ?? 0) + 1);
    // Tick n holds n joules for each of three containers, and its number is told once it is kept.
    const lost = [...acknowledged].filter((n) => times.get(n) !== 3);
    let rolledUp = 0;
    for await (const hour of store.hourly({}, { from: 0, to: 9e12 })) rolledUp += hour.joules;
    let sum = 0;
    for (const [joules, count] of times) sum += joules * count;
    expect(acknowledged.size).toBeGreaterThan(KILLS);
    expect(lost).toEqual([]);
    expect([...times.values()].every((count) => count === 3)).toBe(true);
    expect(rolledUp).toBe(sum);
  });
});
