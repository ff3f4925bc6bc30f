import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fakePod, namesCall } from '../fixtures/kube-scheduler/calls.ts';
import { type Comparison, compare, type Operation } from './measure.ts';

const ROUNDS = { rounds: 1_500, warmUp: 1_000 };

/** Lists as kube-scheduler sends them: all nodes at `percentageOfNodesToScore: 100`, else a window that moves on with each pod. */
const LISTS = [
  { nodes: 1_000, names: 1_000 },
  { nodes: 1_000, names: 420 },
  { nodes: 5_000, names: 5_000 },
  { nodes: 5_000, names: 500 },
] as const;

/**
 * Prioritize over one keep-alive connection, as kube-scheduler calls it, with another pod in each request, beside an
 * extender that does nothing: it parses the names and answers zeros. Nodes come in another order each time.
 */
export async function benchPrioritize(): Promise<Comparison[]> {
  const [ours, floor] = await Promise.all([startProcess('ours'), startProcess('no-op')]);
  try {
    const comparisons: Comparison[] = [];
    for (const { nodes, names } of LISTS) {
      const bodies = callBodies(nodes, names);
      const operations = { ours: caller(ours.port, bodies), floor: caller(floor.port, bodies) };
      const title = nodes === names ? `all of ${nodes} nodes` : `${names} of ${nodes} nodes, another subset each time`;
      comparisons.push(await compare(`${title} / no-op`, operations, ROUNDS));
    }
    return comparisons;
  } finally {
    ours.process.kill();
    floor.process.kill();
  }
}

async function startProcess(which: 'ours' | 'no-op'): Promise<{ process: ChildProcess; port: number }> {
  const script = join(import.meta.dirname, 'scheduler-process.ts');
  const child = spawn(process.execPath, [script, which], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { process: child, port: Number(line) };
}

/** Requests of many pods: each names a window of the nodes, where the one before ended, in an order of its own. */
export function callBodies(nodes: number, names: number = nodes): Buffer[] {
  const all = Array.from({ length: nodes }, (_, index) => `node-${String(index).padStart(5, '0')}`);
  const twice = [...all, ...all];
  return Array.from({ length: 40 }, (_, call) => {
    const from = (call * names) % nodes;
    return Buffer.from(namesCall(shuffle(twice.slice(from, from + names), call + 1), fakePod(`web-${call}`)));
  });
}

function shuffle(names: readonly string[], seed: number): string[] {
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state;
  };
  return names
    .map((name) => ({ name, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/** Calls prioritize over one kept-alive connection, with the next of some bodies each time. */
export function caller(port: number, bodies: readonly Buffer[]): Operation {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let next = 0;
  return () => {
    const body = bodies[next++ % bodies.length] as Buffer;
    return new Promise<void>((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
      const options = { host: '127.0.0.1', port, method: 'POST', path: '/scheduler/prioritize', headers, agent };
      const call = request(options, (response) => {
        response.resume();
        response.once('end', resolve);
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      });
      call.once('error', reject);
      call.end(body);
    });
  };
}
