import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gramsPerKwh, HOUR_MS, isoTime, JOULES_PER_KWH, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { openForWriting } from '../../shared/store/sqlite/database.ts';
import { STORE_FILE } from '../../shared/store/sqlite/file.ts';
import { sqliteIntensityWriter } from '../../shared/store/sqlite/intensity-table.ts';
import { SqlitePowerWriter } from '../../shared/store/sqlite/power-writer.ts';
import { ROOT } from '../laws/sources.ts';
import { HISTORY_START, PER_NODE } from './history.ts';

/** Nodes of the full size: 6,000 series. BENCH_NODES and BENCH_DAYS in the environment make it smaller. */
const NODES = Number(process.env.BENCH_NODES ?? 100);
const DAYS = Number(process.env.BENCH_DAYS ?? 90);
const MEMORY_EVERY_MS = 50;

/** Time and memory of a FOCUS export by day, and of one third of its days: memory must not grow with the days. */
export async function benchExport(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-export-'));
  try {
    await record(folder);
    const part = await exported(folder, DAYS / 3);
    const whole = await exported(folder, DAYS);
    console.log(
      `FOCUS export, ${NODES * PER_NODE} series × ${DAYS} days: ${whole.seconds.toFixed(1)} s, ${whole.rows} rows, ` +
        `${(whole.bytes / 1e6).toFixed(0)} MB written, peak memory ${whole.peakMb.toFixed(0)} MB ` +
        `(${(whole.peakMb / part.peakMb).toFixed(2)} × that of ${DAYS / 3} days, which took ${part.seconds.toFixed(1)} s)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One sample an hour of each container: an export reads the hourly rollup, which has the same size. */
async function record(folder: string): Promise<void> {
  using database = openForWriting(join(folder, STORE_FILE));
  database.exec('PRAGMA synchronous = OFF');
  const writer = new SqlitePowerWriter(() => database);
  const containers = Array.from({ length: NODES * PER_NODE }, (_, at) => ({
    ...{ namespace: `team-${at % 10}`, pod: `pod-${at}`, container: 'app', node: `node-${at % NODES}` },
  }));
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const start = HISTORY_START + hour * HOUR_MS;
    const samples = containers.map((container, at) => ({
      ...{ container, start, end: start + HOUR_MS, joules: joules(((at % 50) + hour / 100) * (JOULES_PER_KWH / 100)) },
    }));
    await writer.append({ target: 'bench', samples });
    if (hour % 24 === 23) await writer.compact(start + 2 * HOUR_MS);
  }
  await writer.compact(HISTORY_START + (DAYS * 24 + 2) * HOUR_MS);
  await sqliteIntensityWriter(() => database).record(
    Array.from({ length: DAYS * 24 }, (_, hour) => ({
      ...{ zone: zone('DE'), hour: HISTORY_START + hour * HOUR_MS, carbonIntensity: gramsPerKwh(100 + (hour % 300)) },
      ...{ provider: 'bench', signal: 'average' as const, quality: 'measured' as const },
    })),
  );
}

async function exported(folder: string, days: number) {
  const output = join(folder, `${days}.csv`);
  const window = `${isoTime(HISTORY_START)},${isoTime(HISTORY_START + days * 24 * HOUR_MS)}`;
  const started = performance.now();
  const args = ['export', '--format', 'focus', '--by', 'day', '--window', window, '--output', output];
  const carbon = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], {
    env: { DATA_DIR: folder, DEFAULT_ZONE: 'DE' },
    stdio: 'inherit',
  });
  let peakMb = 0;
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, residentPeakMb(carbon.pid));
  }, MEMORY_EVERY_MS);
  const [code] = await once(carbon, 'exit');
  clearInterval(timer);
  if (code !== 0) throw new Error(`carbon export ended with ${code}`);
  const seconds = (performance.now() - started) / 1000;
  const rows = readFileSync(output).filter((byte) => byte === 10).length - 1;
  return { seconds, peakMb, rows, bytes: statSync(output).size };
}

function residentPeakMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
