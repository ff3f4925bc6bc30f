import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { STORE_FILE } from '../../../../shared/store/sqlite/file.ts';
import { nodeZonesContract } from '../node-zones-contract.ts';
import { openSqliteNodeZones } from '../opened-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'node-zones-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
nodeZonesContract('the embedded store', async () => openSqliteNodeZones(join(folder, `${number++}`)));

it('changes nothing where it is only asked', async () => {
  const asked = join(folder, 'asked');
  mkdirSync(asked);
  writeFileSync(join(asked, STORE_FILE), '');
  await using store = await openSqliteNodeZones(asked);

  const zones = await store.nodeZones();

  expect(zones.size).toBe(0);
  expect(readFileSync(join(asked, STORE_FILE))).toHaveLength(0);
});
