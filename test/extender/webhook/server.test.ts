import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { namesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { startScheduler } from './start-webhook.ts';

describe('the scheduler port', () => {
  it('answers at the root and under /scheduler', async () => {
    await using scheduler = await startScheduler();
    const body = namesCall(['a', 'b']);

    const root = await scheduler.call('/filter', body);
    const prefixed = await scheduler.call('/scheduler/filter?timeout=2s', body);

    expect(root).toMatchObject({ status: 200, text: '{"NodeNames":["a","b"]}' });
    expect(prefixed.text).toBe(root.text);
    expect(root.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['not JSON', '{"Pod":', /^the body is not JSON: /],
    ['empty', '', /^the body is not JSON: /],
    ['an array', '[]', /^the body is an array, not an object$/],
    ['null', 'null', /^the body is null, not an object$/],
    ['without candidates', '{"Pod":{},"Nodes":null,"NodeNames":null}', /^NodeNames is missing, and Nodes too/],
    [
      'with names that are numbers',
      '{"Pod":{},"Nodes":null,"NodeNames":["a",7]}',
      /^NodeNames\[1\] is a number, not a string$/,
    ],
    ['with an object of names', '{"Pod":{},"NodeNames":{"a":1}}', /^NodeNames is an object, not an array$/],
    ['with a pod that is a string', '{"Pod":"web","Nodes":null,"NodeNames":["a"]}', /^Pod is a string, not an object$/],
    [
      'with a pod that is torn',
      '{"Pod":{"metadata":{"name":"x}},"Nodes":null,"NodeNames":["a"]}',
      /^the body is not JSON: /,
    ],
    [
      'with a node without name',
      '{"Pod":{},"Nodes":{"items":[{"metadata":{}}]},"NodeNames":null}',
      /^Nodes\.items\[0\]\.metadata\.name is missing/,
    ],
    [
      'with labels that are numbers',
      '{"Pod":{},"Nodes":{"items":[{"metadata":{"name":"a","labels":{"x":1}}}]}}',
      /labels\["x"\] is a number/,
    ],
    ['cut off after the names', '{"Pod":{},"Nodes":null,"NodeNames":["a"]', /^the body is not JSON: /],
    ['followed by more', '{"Pod":{},"Nodes":null,"NodeNames":["a"]}}', /^the body is not JSON: /],
  ])('refuses a body that is %s, names the problem, and lives on', async (_, body, problem) => {
    await using scheduler = await startScheduler();

    const filter = await scheduler.call('/filter', body);
    const prioritize = await scheduler.call('/prioritize', body);
    const next = await scheduler.call('/filter', namesCall(['a']));

    for (const reply of [filter, prioritize]) {
      expect(reply.status).toBe(400);
      expect(reply.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(reply.text)).toEqual({
        ...{ type: 'about:blank', title: 'Bad Request', status: 400 },
        ...{ detail: expect.stringMatching(problem), error: expect.stringMatching(problem) },
      });
    }
    expect(next.status).toBe(200);
  });

  it('takes a body that nests deeper than any stack', async () => {
    await using scheduler = await startScheduler({ maxBodyBytes: 8 * 1024 * 1024 });
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;

    const pod = await scheduler.call('/filter', `{"Pod":{"x":${deep}},"Nodes":null,"NodeNames":["a"]}`);
    const nodes = await scheduler.call('/filter', `{"Nodes": {"items":[],"x":${deep}},"NodeNames":null,"Pod":{}}`);

    expect(pod).toMatchObject({ status: 200, text: '{"NodeNames":["a"]}' });
    expect(nodes.status).toBe(200);
  });

  it('answers 404 to unknown paths and 405 to other methods', async () => {
    await using scheduler = await startScheduler();

    const unknown = await scheduler.send('POST', '/nope', '{}');
    const wrongMethod = await scheduler.send('GET', '/filter');

    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text)).toHaveProperty('error');
    expect(wrongMethod).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(JSON.parse(wrongMethod.text)).toMatchObject({ error: 'GET is not allowed here, only POST' });
  });

  it('answers 415 to other content types and encodings, and takes JSON with parameters or without a type', async () => {
    await using scheduler = await startScheduler();
    const body = namesCall(['a']);

    const form = await scheduler.call('/filter', body, { 'Content-Type': 'application/x-www-form-urlencoded' });
    const zipped = await scheduler.call('/filter', body, { 'Content-Encoding': 'gzip' });
    const charset = await scheduler.call('/filter', body, { 'Content-Type': 'application/json; charset=utf-8' });

    expect([form.status, zipped.status, charset.status]).toEqual([415, 415, 200]);
    expect(JSON.parse(form.text)).toMatchObject({
      title: 'Unsupported Media Type',
      error: 'the body is application/x-www-form-urlencoded, not application/json',
    });
  });

  it('answers 413 to a body above the limit, with and without a declared length', async () => {
    await using scheduler = await startScheduler({ maxBodyBytes: 1_000 });
    const body = namesCall(Array.from({ length: 200_000 }, (_, at) => `node-${at}`));

    const declared = await scheduler.call('/filter', body);
    const chunked = await fetch(`http://127.0.0.1:${scheduler.port}/filter`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);

    expect([declared.status, chunked.status]).toEqual([413, 413]);
    expect(JSON.parse(declared.text).error).toContain('MAX_BODY_MB');
  });

  it('outlives requests that are aborted half way', async () => {
    await using scheduler = await startScheduler();

    for (let round = 0; round < 20; round++) {
      const socket = connect(scheduler.port, '127.0.0.1');
      socket.write(
        'POST /prioritize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\nExpect: 100-continue\r\n\r\n{"Pod"',
      );
      await once(socket, 'data'); // 100 Continue: the request has begun
      socket.destroy();
    }

    await expect
      .poll(async () => (await scheduler.send('GET', '/metrics')).text)
      .toContain('carbon_extender_call_duration_seconds_count{verb="prioritize",outcome="aborted"} 20');
    expect((await scheduler.call('/filter', namesCall(['a']))).status).toBe(200);
    expect(scheduler.logger.at('error')).toEqual([]);
  });

  it('counts its requests, their sizes and the reasons of neutral responses in its metrics', async () => {
    await using scheduler = await startScheduler({ zones: { a: 'FR' } });

    await scheduler.call('/prioritize', namesCall(['a', 'b']));
    await scheduler.call('/prioritize', namesCall(['b', 'c', 'd']));
    scheduler.clock.jump(11 * 60_000);
    await scheduler.call('/prioritize', namesCall(['a', 'b']));
    const { text } = await scheduler.send('GET', '/metrics');

    expect(text).toContain('carbon_extender_call_duration_seconds_count{verb="prioritize",outcome="ok"} 1');
    expect(text).toContain(
      'carbon_extender_call_duration_seconds_bucket{le="0.00005",verb="prioritize",outcome="neutral"} 2',
    );
    expect(text).toContain('carbon_extender_call_nodes_sum{verb="prioritize"} 7');
    expect(text).toContain('carbon_extender_neutral_answers_total{reason="unknown"} 1');
    expect(text).toContain('carbon_extender_neutral_answers_total{reason="stale"} 1');
    expect(text).toContain('carbon_extender_cache_state{state="stale"} 1');
    expect(text).toContain('carbon_extender_cache_age_seconds 660');
    expect(text).toMatch(/carbon_extender_build_info\{version="\d+\.\d+\.\d+",node_version="v\d+/);
  });
});
