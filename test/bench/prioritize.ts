import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fakePod, namesCall } from '../fixtures/kube-scheduler/calls.ts';
import { type Comparison, compare, type Operation } from './measure.ts';

const ROUNDS = { 500: { rounds: 3_000, warmUp: 1_000 }, 5000: { rounds: 1_000, warmUp: 500 } } as const;

/**
 * Prioritize over one keep-alive connection, as kube-scheduler calls it, with another pod in each call, beside raw
 * node:http that parses the same body. `same order`: consecutive calls list the nodes alike; `any order`: each anew.
 */
export async function benchPrioritize(): Promise<Comparison[]> {
  const [ours, floor] = await Promise.all([startProcess('ours'), startProcess('floor')]);
  try {
    const comparisons: Comparison[] = [];
    for (const count of [500, 5_000] as const) {
      for (const order of ['same order', 'any order'] as const) {
        const bodies = callBodies(count, order === 'any order');
        const operations = { ours: caller(ours.port, bodies), floor: caller(floor.port, bodies) };
        comparisons.push(await compare(`${count} names, ${order}`, operations, ROUNDS[count]));
      }
    }
    return comparisons;
  } finally {
    ours.process.kill();
    floor.process.kill();
  }
}

async function startProcess(which: 'ours' | 'floor'): Promise<{ process: ChildProcess; port: number }> {
  const script = join(import.meta.dirname, 'scheduler-process.ts');
  const child = spawn(process.execPath, [script, which], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { process: child, port: Number(line) };
}

/** Calls of many pods about the same nodes; more of them than any memory of calls could hold. */
export function callBodies(count: number, shuffled: boolean): Buffer[] {
  const names = Array.from({ length: count }, (_, at) => `node-${String(at).padStart(5, '0')}`);
  return Array.from({ length: 40 }, (_, call) => {
    const turned = shuffled ? shuffle(names, call + 1) : names;
    return Buffer.from(namesCall(turned, fakePod(`web-${call}`)));
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
