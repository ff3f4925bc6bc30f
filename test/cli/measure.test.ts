// Flow: `carbon services measure` from recorded energy and Prometheus to a profile.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedHistory } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path };
const measure = ['services', 'measure', '--service', 'checkout', '--selector'];

beforeAll(() => seedHistory(folder.path));
afterAll(() => folder[Symbol.dispose]());

describe('carbon services measure', () => {
  it('asks Prometheus for the requests of the period and saves a measured profile that calculate uses', async () => {
    const asked: URL[] = [];
    await using prometheus = await serve((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://test'));
      response.end(
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1773576000,"25920"]}]}}',
      );
    });
    const file = join(folder.path, 'services.yaml');
    writeFileSync(file, '# ours\nservices:\n  cart: 0.3 # load test\n');

    const ran = await run(
      [
        ...measure,
        'shop/checkout',
        '--prometheus',
        'sum(increase(http[$interval]))',
        '--prometheus-url',
        prometheus.url,
        '--save-to',
        file,
        '--json',
      ],
      env,
    );
    const used = await run(
      ['calculate', '--service', 'checkout', '--region', 'FR', '--requests', '1000', '--services', file],
      env,
    );

    expect(asked[0]?.searchParams.get('query')).toBe('sum(increase(http[86400s]))');
    expect(JSON.parse(ran.out)).toEqual({
      service: 'checkout',
      wh_per_request: 0.1,
      confidence: 'measured',
      source: 'recorded power',
      measured: { from: '2026-03-14T12:00:00.000Z', to: '2026-03-15T12:00:00.000Z', requests: 25_920, coverage: 1 },
    });
    expect(readFileSync(file, 'utf8')).toMatch(/^# ours\nservices:\n {2}cart: 0.3 # load test\n {2}checkout:\n/);
    expect(used.out).toContain(
      '0.1 Wh per request (measured, recorded power, 2026-03-14T12:00Z..2026-03-15T12:00Z, 100 % recorded, 25920 requests)',
    );
  });

  it.each([
    [
      '{"status":"error","errorType":"bad_data","error":"parse error"}',
      1,
      'Prometheus rejected the query: parse error',
    ],
    ['{"status":"success","data":{"resultType":"vector","result":[]}}', 1, 'returned no number'],
    ['{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"NaN"]}]}}', 1, 'returned no number'],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"2"]},{"value":[1,"3"]}]}}',
      1,
      'returned 2 series instead of one number',
    ],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"0"]}]}}',
      1,
      'requests must be a whole number above 0',
    ],
    ['<html>login</html>', 2, 'does not respond as expected (Unexpected token'],
    ['{"status":"up"}', 2, 'not a response of Prometheus'],
  ])('names the problem of the response %s', async (body, code, line) => {
    await using prometheus = await serve((_request, response) => response.end(body));

    const ran = await run([...measure, 'shop/checkout', '--prometheus', 'q', '--prometheus-url', prometheus.url], env);

    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.notes).toContain(line);
  });

  it('measures half of an interval as such, and takes the rest to be like it', async () => {
    const period = ['--from', '2026-03-12T12:00', '--to', '2026-03-15T12:00'];

    const ran = await run([...measure, 'shop/checkout', '--requests', '77760', ...period, '--json'], env);

    // Two of three days are recorded: 2 x 2592 Wh / 77,760 requests / (2/3).
    expect(JSON.parse(ran.out)).toMatchObject({
      wh_per_request: expect.closeTo(0.1, 9),
      source: 'recorded power, extrapolated over the part without records',
      measured: { coverage: expect.closeTo(2 / 3, 9) },
    });
  });

  it('finds the workload of labelled pods through the Kubernetes API, so that replaced pods of it count too', async () => {
    const asked: string[] = [];
    await using cluster = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('content-type', 'application/json').end(JSON.stringify(PODS));
    });
    const file = kubeconfig(cluster.url);

    const ran = await run([...measure, 'shop/app=checkout', '--requests', '25920', '--json'], {
      ...env,
      KUBECONFIG: file,
    });

    expect(asked[0]).toBe('/api/v1/namespaces/shop/pods?labelSelector=app%3Dcheckout');
    expect(JSON.parse(ran.out).wh_per_request).toBeCloseTo(0.1, 9);
  });

  it('says when no pod has the labels, and when the API cannot be asked', async () => {
    await using empty = await serve((_request, response) =>
      response
        .setHeader('content-type', 'application/json')
        .end('{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}'),
    );
    const ask = (file: string) =>
      run([...measure, 'shop/app=checkout', '--requests', '5'], { ...env, KUBECONFIG: file });

    const none = await ask(kubeconfig(empty.url));
    const away = await ask(kubeconfig('http://127.0.0.1:9'));

    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.notes).toContain('such as shop/checkout');
    expect(away).toMatchObject({ code: 2, out: '' });
  });
});

/** The answer of a cluster whose checkout pod is not the one that was recorded. */
const PODS = {
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '1' },
  items: [
    {
      metadata: {
        name: 'checkout-85f6c-xxyyz',
        namespace: 'shop',
        labels: { app: 'checkout', 'pod-template-hash': '85f6c' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'checkout-85f6c', uid: 'u', controller: true },
        ],
      },
      spec: { containers: [{ name: 'app' }] },
    },
  ],
};

function kubeconfig(server: string): string {
  const file = join(folder.path, `kubeconfig-${new URL(server).port}`);
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return file;
}

async function serve(handler: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
