import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { watchNodePower } from '../../../extender/placement/node-power-watch.ts';
import { watts } from '../../../shared/grid/units.ts';
import { encodeNodePower } from '../../../shared/placement/node-power.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { replaceFile, temporaryFolder, WRITTEN_AT } from '../cache/cache-file.ts';

const text = (power: number, writtenAt = WRITTEN_AT) =>
  encodeNodePower({ writtenAt, ttlMs: 3_600_000, wattsPerCore: new Map([['a', watts(power)]]) });

describe('the power of nodes', () => {
  it('follows its file, and is unknown while that is absent, torn or outdated', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'node_power.json');
    const clock = new FakeClock(WRITTEN_AT);
    const logger = capturedLog();
    await using power = watchNodePower(file, { clock, logger });
    const seen: (number | undefined)[] = [];
    const look = async () => {
      const before = power.version;
      await power.refresh();
      seen.push(power.wattsPerCore('a'));
      return power.version > before;
    };

    await look();
    await writeFile(file, text(6));
    const changed = await look();
    const unchanged = await look();
    await replaceFile(file, text(4.5));
    await look();
    await replaceFile(file, '{"torn');
    await look();
    await replaceFile(file, text(5));
    await look();
    clock.jump(3_600_001);
    const expired = await look();

    expect(seen).toEqual([undefined, 6, 6, 4.5, undefined, 5, undefined]);
    expect([changed, unchanged, expired]).toEqual([true, false, true]);
    expect(logger.at('warn')).toHaveLength(1);
  });
});
