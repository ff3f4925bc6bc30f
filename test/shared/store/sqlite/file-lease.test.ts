import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { FileLease } from '../../../../shared/store/sqlite/file-lease.ts';
import { capturedLog } from '../../../captured-log.ts';

const root = mkdtempSync(join(tmpdir(), 'file-lease-'));
afterAll(() => rmSync(root, { recursive: true }));

function lease(folder: string, purpose: 'recording' | 'alerts' = 'recording') {
  const logger = capturedLog();
  return Object.assign(new FileLease({ folder, purpose, clock: systemClock, logger, retryMs: 50 }), { logger });
}

describe('a lease of a folder', () => {
  it('is held by one process, which the other names while it stands by, and passes on when it stops', async () => {
    const folder = join(root, 'one');
    const first = lease(folder);
    await using second = lease(folder);
    const changes: boolean[] = [];
    second.onChange((held) => changes.push(held));
    const before = [first.held, second.held];

    await first[Symbol.asyncDispose]();
    await expect.poll(() => second.held).toBe(true);

    expect(before).toEqual([true, false]);
    expect(changes).toEqual([true]);
    expect(second.logger.at('warn')).toHaveLength(1);
    expect(second.logger.at('warn')[0]?.fields).toMatchObject({
      code: 'FOLDER_RECORDED_BY_ANOTHER',
      folder,
      holder: expect.stringContaining(`process ${process.pid}`),
    });
  });

  it('is one for each purpose', async () => {
    const folder = join(root, 'two');
    await using recording = lease(folder);
    await using alerts = lease(folder, 'alerts');

    expect([recording.held, alerts.held]).toEqual([true, true]);
  });
});
