import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { spawn } from '../children.ts';
import { ROOT } from '../laws/sources.ts';
import { freePort } from '../servers/free-port.ts';

/** A running `carbon demo`. */
export interface StartedDemo extends AsyncDisposable {
  /** Parsed JSON of its API; undefined while it does not respond. */
  // biome-ignore lint/suspicious/noExplicitAny: responses of several resources; the assertions name their fields.
  get(path: string): Promise<any>;
  /** Parsed JSON of its API's response to a JSON body. */
  post(path: string, body: string): Promise<unknown>;
  /** Output of another command of `carbon` in the same environment. */
  carbon(...args: string[]): Promise<string>;
}

/** Starts `carbon demo` with a folder of its own, on free ports, and with nothing compiled before. */
export async function startDemo(folder: string): Promise<StartedDemo> {
  const [EXTENDER_PORT, API_PORT, POLLER_PORT] = (await Promise.all([freePort(), freePort(), freePort()])).map(String);
  const NODE_COMPILE_CACHE = join(folder, 'compiled');
  const env = { DATA_DIR: folder, EXTENDER_PORT, API_PORT, POLLER_PORT, NODE_COMPILE_CACHE };
  const run = (args: readonly string[], out: 'ignore' | 'pipe') =>
    spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], { env, stdio: ['ignore', out, 'inherit'] });
  const demo = run(['demo'], 'ignore');
  const ended = once(demo, 'exit');
  return {
    get: (path) =>
      fetch(`http://127.0.0.1:${API_PORT}${path}`).then(
        (response) => response.json(),
        () => undefined,
      ),
    post: async (path, body) => {
      const headers = { 'Content-Type': 'application/json' };
      return (await fetch(`http://127.0.0.1:${API_PORT}${path}`, { method: 'POST', headers, body })).json();
    },
    carbon: async (...args) => {
      const { stdout } = run(args, 'pipe');
      return stdout === null ? '' : text(stdout);
    },
    async [Symbol.asyncDispose]() {
      demo.kill('SIGTERM');
      await ended;
    },
  };
}

/** What a person is to see within ten seconds of the start, by the name of the view; each resolves with whether it is there. */
export const VISIBLE: Readonly<Record<string, (demo: StartedDemo) => Promise<boolean>>> = {
  'placements of pods': async ({ get }) => ((await get('/api/decisions?window=60m'))?.count ?? 0) > 5,
  'jobs that wait, with their planned hour': async ({ get }) => {
    const { waiting = [] } = (await get('/api/waiting')) ?? {};
    return waiting.filter((work: { planned_start: string | null }) => work.planned_start !== null).length > 3;
  },
  'two sites': async ({ get }) => (await get('/sites'))?.sites?.length === 2,
  'one budget at 85 %': async ({ get }) => {
    const { budgets = [] } = (await get('/api/budgets')) ?? {};
    return budgets.some(
      ({ used_share: share }: { used_share: number | null }) => Math.round((share ?? 0) * 100) === 85,
    );
  },
  'grams saved': async ({ get }) => {
    const { totals = [] } = (await get('/api/savings?limit=0')) ?? {};
    return totals.length === 2 && totals.every(({ saved_grams: saved }: { saved_grams: number }) => saved > 0);
  },
  'emissions of a month': async ({ get }) =>
    'simulated-batch' in ((await get('/api/emissions?window=30d'))?.data?.[0] ?? {}),
  'a fresh grid with forecasts': async ({ get }) => {
    const { state, zones = [] } = (await get('/api/grid')) ?? {};
    const { zones: ahead = [] } = (await get('/api/forecast?zone=ES')) ?? {};
    return state === 'fresh' && zones.length === 11 && JSON.stringify(ahead).length > 100;
  },
};
