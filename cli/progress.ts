import { Presets, SingleBar } from 'cli-progress';
import type { Io } from './io.ts';

/** The bar appears once the work has taken this long, in milliseconds. */
const SHOW_AFTER_MS = 1_000;

/** Runs long work with a progress bar on standard error: only on a terminal, and only when it takes longer than a second. */
export async function withProgress<Result>(
  io: Io,
  label: string,
  total: number,
  work: (tick: (done: number) => void) => Promise<Result>,
): Promise<Result> {
  if (!io.canDraw) return work(() => undefined);
  const bar = new SingleBar(
    { format: `${label} {bar} {value}/{total} {eta_formatted}`, stream: process.stderr, clearOnComplete: true },
    Presets.shades_classic,
  );
  const since = io.clock.monotonic();
  let drawn = false;
  try {
    return await work((done) => {
      if (!drawn && io.clock.monotonic() - since > SHOW_AFTER_MS) {
        bar.start(total, done);
        drawn = true;
      }
      if (drawn) bar.update(done);
    });
  } finally {
    if (drawn) bar.stop();
  }
}
