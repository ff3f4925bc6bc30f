import { loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { temporaryFolder } from '../cli/run.ts';
import { startDemo, VISIBLE } from '../cli/started-demo.ts';

/** What the demo promises on an otherwise idle machine of two cores. */
const PROMISED_SECONDS = 10;
const GIVE_UP_SECONDS = 120;
const POLL_MS = 200;

/** Seconds from the start of `carbon demo`, with nothing made or compiled before, until each view has something to show. */
export async function benchDemo(): Promise<void> {
  using folder = temporaryFolder();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  await using demo = await startDemo(folder.path);
  const left = new Map(Object.entries(VISIBLE));
  const rows: Record<string, { seconds: string }> = {};
  while (left.size > 0 && seconds() < GIVE_UP_SECONDS) {
    for (const [name, isVisible] of left) {
      if (!(await isVisible(demo))) continue;
      rows[name] = { seconds: seconds().toFixed(1) };
      left.delete(name);
    }
    await wait(POLL_MS);
  }
  const took = seconds();
  console.table(rows);
  const load = loadavg()[0]?.toFixed(1);
  const result = left.size > 0 ? `missing: ${[...left.keys()].join(', ')}` : `${took.toFixed(1)} s`;
  console.log(
    `everything is visible after ${result} (promised: ${PROMISED_SECONDS} s on an idle machine; load average ${load})`,
  );
}
