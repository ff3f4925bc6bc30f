import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawn } from '../children.ts';
import { ROOT } from '../laws/sources.ts';
import { eventually } from '../started-process.ts';
import type { Acceleration } from './acceleration.ts';

/** A replica of the deferral controller in a process of its own. */
export interface Replica extends AsyncDisposable {
  readonly identity: string;
  /** Its log so far. */
  readonly log: Record<string, unknown>[];
  /** Ends it as a lost node would. */
  kill(): Promise<void>;
}

/** Starts a replica with a kubeconfig, whose hours pass faster. */
export async function startReplica(options: {
  readonly kubeconfig: string;
  readonly identity: string;
  readonly acceleration: Acceleration;
}): Promise<Replica> {
  const { kubeconfig, identity, acceleration } = options;
  const program = join(ROOT, 'test/cluster/accelerated-controller.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(acceleration), identity], {
    env: { KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: Record<string, unknown>[] = [];
  const exited = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
  });
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`replica ${identity} ended with ${child.exitCode}`);
      return log.some(({ msg }) => msg === 'controller started');
    },
    (started) => started,
  );
  return { identity, log, kill, [Symbol.asyncDispose]: kill };
}
