import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cacheText, replaceFile } from '../extender/cache/cache-file.ts';
import { startProcess } from '../started-process.ts';
import { recordedHistory } from './history.ts';
import { type Comparison, timing } from './measure.ts';
import { callBodies, caller } from './prioritize.ts';

const CALLS = 400;
const BLOCKS = 6;
const NODES = Number(process.env.BENCH_NODES ?? 40);

/**
 * Prioritize calls to a real extender while it exports its whole history again and again, beside the same calls while
 * it does nothing else; the two by turns, so that whatever else the machine does hits both.
 */
export async function benchInterference(): Promise<Comparison[]> {
  using history = await recordedHistory(NODES, 6);
  const folder = mkdtempSync(join(tmpdir(), 'bench-interference-'));
  const file = join(folder, 'carbon_cache.json');
  await replaceFile(file, cacheText({ FR: 45, DE: 380 }, { at: Date.now(), ttlMinutes: 600 }));
  await using extender = startProcess('extender', {
    CACHE_FILE: file,
    DATA_DIR: history.folder,
    EXTENDER_PORT: '0',
    API_PORT: '0',
    DEFAULT_ZONE: 'FR',
    LOG_LEVEL: 'info',
  });
  const { port, apiPort } = await extender.logged('extender started');
  const call = caller(Number(port), callBodies(500));
  const url = `http://127.0.0.1:${apiPort}/api/export-time-series?format=ndjson`;
  const took = { idle: [] as number[], busy: [] as number[] };
  for (let warm = 0; warm < CALLS; warm += 1) await call();
  for (let block = 0; block < BLOCKS; block += 1) {
    for (let n = 0; n < CALLS; n += 1) took.idle.push(await timed(call));
    const exporting = startExporting(url);
    await setTimeout(500);
    for (let n = 0; n < CALLS; n += 1) took.busy.push(await timed(call));
    exporting.kill();
    await once(exporting, 'exit');
  }
  rmSync(folder, { recursive: true });
  return [{ name: 'prioritize during a full export / idle', ours: timing(took.busy), floor: timing(took.idle) }];
}

async function timed(call: () => unknown): Promise<number> {
  const start = performance.now();
  await call();
  return (performance.now() - start) * 1_000;
}

/** Reads exports one after the other in a process of its own, since the calls are timed in this one. */
function startExporting(url: string): ChildProcess {
  const script = 'for (;;) { const r = await fetch(process.argv[1]); for await (const _ of r.body); }';
  return spawn(process.execPath, ['--input-type=module', '-e', script, url], { stdio: 'ignore' });
}
