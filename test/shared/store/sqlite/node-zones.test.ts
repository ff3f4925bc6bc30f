import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openNodeZones } from '../../../../shared/store/open-node-zones.ts';
import { STORE_FILE } from '../../../../shared/store/sqlite/store.ts';
import { nodeZonesContract } from '../../../store/node-zones-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'node-zones-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
nodeZonesContract('the embedded store', () => openNodeZones({ MODE: 'local', DATA_DIR: join(folder, `${number++}`) }));

it('changes nothing where it is only asked', async () => {
  const asked = join(folder, 'asked');
  mkdirSync(asked);
  writeFileSync(join(asked, STORE_FILE), '');
  await using store = await openNodeZones({ MODE: 'local', DATA_DIR: asked });

  const zones = await store.nodeZones();

  expect(zones.size).toBe(0);
  expect(readFileSync(join(asked, STORE_FILE))).toHaveLength(0);
});
