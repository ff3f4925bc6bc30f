import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ApiThread, superviseApiThread } from '../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../extender/config.ts';
import { type ExtenderDependencies, startExtender } from '../../extender/extender.ts';
import { ConfigError, loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { kubeconfigFor, startKubernetesApi } from '../doubles/kubernetes-api.ts';
import { namesCall } from '../fixtures/kube-scheduler/calls.ts';
import { freePort } from '../servers/free-port.ts';
import { cacheText, replaceFile, temporaryFolder } from './cache/cache-file.ts';
import { send } from './webhook/start-webhook.ts';

describe('startExtender', () => {
  it('ranks by the cache file, and follows it as it is replaced', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40, DE: 400 }, { at: Date.now() }));
    await using extender = await test.start();
    const scores = async () => (await send(extender.schedulerPort, 'POST', '/prioritize', namesCall(['a', 'b']))).text;

    const before = await scores();
    await replaceFile(test.file, cacheText({ FR: 500, DE: 50 }, { at: Date.now() }));

    expect(before).toBe('[{"Host":"a","Score":10},{"Host":"b","Score":1}]');
    await expect.poll(scores).toBe('[{"Host":"a","Score":1},{"Host":"b","Score":10}]');
  });

  it('is ready and lets pods be scheduled without any cache file', async () => {
    await using test = await setUp();
    await using extender = await test.start();

    const ready = await send(extender.schedulerPort, 'GET', '/readyz', '');
    const live = await send(extender.schedulerPort, 'GET', '/healthz', '');
    const scored = await send(extender.schedulerPort, 'POST', '/prioritize', namesCall(['a', 'b']));

    expect([ready.status, live.status]).toEqual([200, 200]);
    expect(scored.text).toBe('[{"Host":"a","Score":0},{"Host":"b","Score":0}]');
    expect(test.logger.at('warn')).toHaveLength(1);
  });

  it('stays ready and names the watches that do not run, before the first list and after it', async () => {
    await using test = await setUp();
    await using cluster = await startKubernetesApi();
    const KUBECONFIG = `${test.file}-kubeconfig`;
    await writeFile(KUBECONFIG, kubeconfigFor(cluster.url));
    cluster.status = 403;
    await using extender = await test.start({}, { KUBECONFIG });
    const readyz = async () => {
      const { status, text } = await send(extender.schedulerPort, 'GET', '/readyz', '');
      return `${status} ${text}`;
    };

    await expect
      .poll(readyz)
      .toMatch(/^200 .*the watch of \/api\/v1\/nodes is not running: .*403.*have not been listed/);
    cluster.status = 200;
    await expect.poll(readyz).not.toMatch(/is not running|not been listed/);
    cluster.status = 503;
    cluster.dropWatches();

    await expect.poll(readyz).toMatch(/^200 .*the watch of \/api\/v1\/nodes is not running: .*503/);
  }, 40_000);

  it('starts the API beside the scheduler port and stops it too', async () => {
    await using test = await setUp();
    const events: string[] = [];
    const startApi = () => {
      events.push('started');
      return apiThread({ [Symbol.asyncDispose]: async () => void events.push('stopped') });
    };
    {
      await using extender = await test.start({ startApi });
      expect(extender.apiPort).toBe(4242);
    }

    expect(events).toEqual(['started', 'stopped']);
  });

  it('flushes the last decision before it stops the thread that stores it', async () => {
    await using test = await setUp();
    await using cluster = await startKubernetesApi();
    const KUBECONFIG = `${test.file}-kubeconfig`;
    await writeFile(KUBECONFIG, kubeconfigFor(cluster.url));
    const events: string[] = [];
    const startApi: ExtenderDependencies['startApi'] = (_config, _logger, onMessage) =>
      apiThread({
        post(message) {
          if (message.kind !== 'decisions') return;
          events.push(...message.decisions.map(({ pod, node }) => `${pod} on ${node}`));
          setTimeout(() => onMessage({ kind: 'decisions-kept', batch: message.batch }), 50);
        },
        [Symbol.asyncDispose]: async () => void events.push('stopped'),
      });
    {
      await using extender = await test.start({ startApi }, { KUBECONFIG });
      await send(extender.schedulerPort, 'POST', '/prioritize', namesCall(['a', 'b']));
      cluster.put({
        metadata: { name: 'web-0', namespace: 'shop', uid: 'uid-of-web-0' },
        spec: { nodeName: 'a' },
      } as never);
      const placed = async () => (await send(extender.schedulerPort, 'GET', '/metrics', '')).text;
      await expect.poll(placed).toMatch(/^carbon_extender_placed_pods_total\{.*\} 1$/m);
    }

    expect(events).toEqual(['web-0 on a', 'stopped']);
  });

  it.each([
    [
      'torn',
      async (data: string) => {
        await mkdir(data);
        await writeFile(join(data, 'history.sqlite'), 'torn '.repeat(10_000));
      },
    ],
    ['a file where its folder should be', (data: string) => writeFile(data, 'not a folder')],
  ])('serves kube-scheduler and the API while the history is %s', async (_, damage) => {
    await using test = await setUp();
    const DATA_DIR = `${test.file}-data`;
    await damage(DATA_DIR);
    const API_PORT = String(await freePort());
    await using extender = await test.start(
      { startApi: superviseApiThread },
      { DATA_DIR, API_PORT, LOG_LEVEL: 'silent' },
    );

    const scored = await send(extender.schedulerPort, 'POST', '/prioritize', namesCall(['a', 'b']));
    // The extender does not wait for the API for longer than 10 s, which it may need on a busy machine.
    const status = async () => (await fetch(`http://127.0.0.1:${API_PORT}/api/status`)).status;

    expect(scored.status).toBe(200);
    await expect.poll(status).toBeGreaterThanOrEqual(200);
  });

  it('starts without the API where that ends at first and is tried again', async () => {
    await using test = await setUp();
    await using extender = await test.start({ startApi: () => apiThread({ started: Promise.resolve(undefined) }) });

    const scored = await send(extender.schedulerPort, 'POST', '/prioritize', namesCall(['a', 'b']));

    expect([scored.status, extender.apiPort]).toEqual([200, undefined]);
  });

  it('frees its port when it is stopped or cannot start', async () => {
    await using test = await setUp();
    const startApi = () => apiThread({ started: Promise.reject(new Error('no port for the API')) });
    const first = await test.start();
    const port = first.schedulerPort;
    await first[Symbol.asyncDispose]();

    await expect(test.start({ startApi }, { EXTENDER_PORT: String(port) })).rejects.toThrow('no port for the API');
    await using again = await test.start({}, { EXTENDER_PORT: String(port) });

    expect(again.schedulerPort).toBe(port);
  });
});

describe("the extender's configuration", () => {
  it('corrects zones that people get wrong and refuses what is not a zone', () => {
    const config = loadConfig('extender', extenderConfigSchema, {
      ZONE_MAP: 'a=UK, b=de',
      DEFAULT_ZONE: 'us-ny-nyiso',
    });
    const load = () => loadConfig('extender', extenderConfigSchema, { ZONE_MAP: 'a=?', DEFAULT_ZONE: '9' });

    expect([...config.ZONE_MAP]).toEqual([
      ['a', 'GB'],
      ['b', 'DE'],
    ]);
    expect(config.DEFAULT_ZONE).toBe('US-NY-NYIS');
    expect(load).toThrow(ConfigError);
  });
});

function apiThread(parts: Partial<ApiThread>): ApiThread {
  return {
    started: Promise.resolve(4242),
    post: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
    ...parts,
  };
}

async function setUp() {
  const root = await temporaryFolder();
  const folder = join(root.path, 'cache');
  await mkdir(folder);
  const file = join(folder, 'carbon_cache.json');
  const logger = capturedLog();
  const start = (dependencies = {}, env = {}) => {
    const config = loadConfig('extender', extenderConfigSchema, {
      CACHE_FILE: file,
      EXTENDER_PORT: '0',
      EXTENDER_HOST: '127.0.0.1',
      ZONE_MAP: 'a=FR,b=DE',
      ...env,
    });
    return startExtender(config, { logger, ...dependencies });
  };
  return { file, logger, start, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}
