import { describe, expect, it } from 'vitest';
import { fakePod, namesCall, nodesCall } from '../../fixtures/kube-scheduler/calls.ts';
import { startScheduler } from './start-webhook.ts';

describe('filter', () => {
  it('passes every name, in the order in which they came', async () => {
    await using scheduler = await startScheduler();

    const { text } = await scheduler.call('/filter', namesCall(['n-3', 'n-1', 'n-2']));

    expect(text).toBe('{"NodeNames":["n-3","n-1","n-2"]}');
  });

  it('passes whole nodes back byte by byte', async () => {
    await using scheduler = await startScheduler();
    const body = nodesCall([{ name: 'a', region: 'eu-west-3', providerId: 'aws:///eu-west-3a/i-1' }, { name: 'b' }]);

    const { text } = await scheduler.call('/filter', body);

    const nodes = body.slice(body.indexOf(',"Nodes":{"metadata"') + 9, -',"NodeNames":null}'.length);
    expect(text).toBe(`{"Nodes":${nodes}}`);
  });

  it('passes on a stale and a missing cache as on a fresh one', async () => {
    await using scheduler = await startScheduler({ cache: 'nothing' });

    const { text } = await scheduler.call('/filter', namesCall(['a']));

    expect(text).toBe('{"NodeNames":["a"]}');
  });

  it('reads any order of keys, white space, and candidates of which there are none', async () => {
    await using scheduler = await startScheduler();

    const spaced = await scheduler.call('/filter', '\n{ "NodeNames" : [ "a" , "b" ] ,\t"x": "}", "Pod" : { } }\r\n');
    const empty = await scheduler.call('/filter', namesCall([]));
    const noItems = await scheduler.call('/filter', '{"Pod":{},"Nodes":{"metadata":{},"items":null},"NodeNames":null}');

    expect(spaced.text).toBe('{"NodeNames":[ "a" , "b" ]}');
    expect(empty.text).toBe('{"NodeNames":[]}');
    expect(noItems.text).toBe('{"Nodes":{"metadata":{},"items":null}}');
  });

  it('is not misled by a pod that holds keys of the wire', async () => {
    await using scheduler = await startScheduler();
    const pod = { ...fakePod('odd'), Nodes: { metadata: {} }, extra: { a: 1, Nodes: null, NodeNames: ['decoy'] } };

    const names = await scheduler.call('/filter', namesCall(['a'], pod));
    const nodes = await scheduler.call('/filter', nodesCall([{ name: 'b' }], pod));

    expect(names.text).toBe('{"NodeNames":["a"]}');
    expect(JSON.parse(nodes.text).Nodes.items[0].metadata.name).toBe('b');
  });
});
