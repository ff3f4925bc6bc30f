import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { storeIntake } from '../../../extender/readings/store-intake.ts';
import { HOUR_MS, watts } from '../../../shared/grid/units.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { capturedLog } from '../../captured-log.ts';
import { spawn } from '../../children.ts';
import { ROOT } from '../../laws/sources.ts';
import { openSqliteReadings } from '../../shared/store/opened-parts.ts';
import { send } from '../readings-api-server.ts';

const KILLS = 5;
const folder = mkdtempSync(join(tmpdir(), 'store-intake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('readings without Redis', () => {
  it(`keeps every accepted reading over ${KILLS} kills of the API with SIGKILL`, { timeout: 60_000 }, async () => {
    const accepted = new Set<string>();
    const start = Date.now() - 1_000_000;
    let number = 0;

    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [join(ROOT, 'test/bench/readings/api-process.ts')], {
        env: { DATA_DIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      let over = false;
      const sender = async () => {
        while (!over) {
          number += 1;
          const timestamp = new Date(start + number).toISOString();
          const reading = { site_id: 'pier-5', device_id: 'm', power_reading: number, timestamp };
          const answer = await send(`${url}/readings`, reading).catch(() => undefined);
          if (answer?.status === 201) accepted.add(timestamp);
        }
      };
      const senders = Array.from({ length: 8 }, sender);
      await wait(150 + 40 * kill);
      child.kill('SIGKILL');
      over = true;
      await Promise.all(senders);
    }

    await using store = openSqliteReadings(folder);
    const stored = await store.readings('pier-5', { from: start, to: start + HOUR_MS }, 1_000_000);
    const kept = new Set(stored.map(({ timestamp }) => new Date(timestamp).toISOString()));
    expect(accepted.size).toBeGreaterThan(KILLS * 8);
    expect([...accepted].filter((timestamp) => !kept.has(timestamp))).toEqual([]);
    expect(kept.size).toBe(stored.length);
  });

  it('reports to every sender that the store takes nothing, and takes readings again when it does', async () => {
    const log = capturedLog();
    await using store = openSqliteReadings(join(folder, 'full'));
    let full = true;
    const appendReadings: typeof store.appendReadings = async (readings) => {
      if (full) throw new Error('database or disk is full');
      return store.appendReadings(readings);
    };
    const intake = storeIntake({ store: { ...store, appendReadings }, clock: systemClock, logger: log });
    const reading = { siteId: 'pier-5', deviceId: 'm', watts: watts(1), timestamp: Date.now() };

    const refused = await Promise.all([intake.take([reading]), intake.take([reading, reading])]);
    full = false;
    const taken = await intake.take([reading]);

    expect(refused.map((outcomes) => outcomes.map(({ kind }) => kind))).toEqual([['failed'], ['failed', 'failed']]);
    expect(taken).toMatchObject([{ kind: 'taken' }]);
    expect(log.at('error')).toHaveLength(1);
  });
});
