import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openNodeZones } from '../../../../shared/store/open-node-zones.ts';
import { nodeZonesContract } from '../../../store/node-zones-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'node-zones-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
nodeZonesContract('the embedded store', () => openNodeZones({ MODE: 'local', DATA_DIR: join(folder, `${number++}`) }));
