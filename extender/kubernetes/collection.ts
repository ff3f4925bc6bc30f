import { createBackoff } from '../../shared/pacing/backoff.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { WatchEvent } from '../../shared/runtime/kubernetes/watch-stream.ts';
import type { Logger } from '../../shared/runtime/logger.ts';

/** What is kept of the objects of one collection of the Kubernetes API, as of its newest event. */
export interface WatchedCollection<Kept> extends AsyncDisposable {
  /** What is kept of an object, by `namespace/name`, or by name where it has no namespace. */
  get(key: string): Kept | undefined;
  entries(): IterableIterator<[string, Kept]>;
  readonly size: number;
  /** Grows with every change. */
  readonly version: number;
  /** Milliseconds since the API server was last heard of here; undefined until the first whole list. */
  ageMs(): number | undefined;
}

/** Which collection to follow, and what to keep of its objects. */
export interface CollectionOptions<Kept> {
  readonly client: KubernetesClient;
  /** For example `/api/v1/nodes`. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** What is kept of an object; undefined keeps nothing. Throws for anything but such an object. */
  readonly keep: (object: unknown) => Kept | undefined;
  /** Called with every change: what is kept now, and what was before. */
  readonly onChange?: (key: string, now: Kept | undefined, before: Kept | undefined) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Small pages, because the thread that reads them has kube-scheduler to answer in between. */
const PAGE = 100;
const RETRY = { initialMs: 500, maxMs: 30_000 };

/** Lists a collection and follows it for ever: resumes a lost watch where it ended, and lists anew when that is too old. */
export function watchCollection<Kept>(options: CollectionOptions<Kept>): WatchedCollection<Kept> {
  const { clock } = options;
  const stop = new AbortController();
  const kept = new Map<string, Kept>();
  const state = { version: 0, heard: undefined as number | undefined };
  const put = (key: string, now: Kept | undefined) => {
    const before = kept.get(key);
    if (now === undefined) kept.delete(key);
    else kept.set(key, now);
    if (now === undefined && before === undefined) return;
    state.version += 1;
    options.onChange?.(key, now, before);
  };
  const finished = run(options, kept, put, state, stop.signal);
  return {
    get: (key) => kept.get(key),
    entries: () => kept.entries(),
    get size() {
      return kept.size;
    },
    get version() {
      return state.version;
    },
    ageMs: () => (state.heard === undefined ? undefined : clock.monotonic() - state.heard),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
    },
  };
}

async function run<Kept>(
  options: CollectionOptions<Kept>,
  kept: ReadonlyMap<string, Kept>,
  put: (key: string, now: Kept | undefined) => void,
  state: { heard: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { client, path, clock, logger } = options;
  const keep = keeper(options, put);
  let position: string | undefined;
  const backoff = createBackoff(RETRY);
  let warned = false;
  while (!signal.aborted) {
    try {
      if (position === undefined) {
        position = await list(options, keep, kept, put, signal);
        state.heard = clock.monotonic();
      }
      const started = clock.monotonic();
      const query = { ...selectors(options), resourceVersion: position, allowWatchBookmarks: 'true' };
      const onEvent = (event: WatchEvent) => {
        state.heard = clock.monotonic();
        position = keep(event) ?? position;
        backoff.reset();
        warned = false;
        client.failingWatches.delete(path);
      };
      const end = await client.watch(path, query, onEvent, signal);
      if (end.kind === 'failed') throw end.error;
      if (end.kind === 'expired') position = undefined;
      // A server that closes at once would otherwise be asked without a pause.
      if (clock.monotonic() - started < RETRY.initialMs) await clock.sleep(RETRY.initialMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      const retryInMs = backoff.next();
      if (!warned)
        logger.warn(
          { code: 'KUBERNETES_WATCH_FAILED', path, err: error, retryInMs },
          'the watch of the Kubernetes API failed; retrying',
        );
      warned = true;
      client.failingWatches.set(path, (error as Error).message);
      await clock.sleep(retryInMs, signal);
    }
  }
}

interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
}

/** Takes one event over; returns the resource version that a watch can be resumed from. */
function keeper<Kept>(
  { keep, path, logger }: CollectionOptions<Kept>,
  put: (key: string, now: Kept | undefined) => void,
): (event: WatchEvent) => string | undefined {
  return (event) => {
    if (event.type === 'OPENED') return undefined;
    const { type, object } = event;
    const { name = '', namespace, resourceVersion } = (object as { metadata?: ObjectMeta }).metadata ?? {};
    if (type === 'BOOKMARK') return resourceVersion;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    try {
      put(key, type === 'DELETED' ? undefined : keep(object));
    } catch (error) {
      logger.warn(
        { code: 'KUBERNETES_OBJECT_INVALID', path, object: key, err: error },
        'an object of the Kubernetes API cannot be read and is skipped',
      );
      put(key, undefined);
    }
    return resourceVersion;
  };
}

async function list<Kept>(
  options: CollectionOptions<Kept>,
  keep: (event: WatchEvent) => string | undefined,
  kept: ReadonlyMap<string, Kept>,
  put: (key: string, now: Kept | undefined) => void,
  signal: AbortSignal,
): Promise<string> {
  const gone = new Set(kept.keys());
  let next: string | undefined;
  for (;;) {
    const query = new URLSearchParams({ ...selectors(options), limit: String(PAGE), ...(next && { continue: next }) });
    const page = (await options.client.request('GET', `${options.path}?${query}`)) as {
      readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
      readonly items?: readonly { readonly metadata?: ObjectMeta }[];
    };
    signal.throwIfAborted();
    for (const object of page.items ?? []) {
      const { name = '', namespace } = object.metadata ?? {};
      gone.delete(namespace === undefined ? name : `${namespace}/${name}`);
      keep({ type: 'ADDED', object });
    }
    next = page.metadata?.continue;
    if (next) continue;
    for (const key of gone) put(key, undefined);
    return page.metadata?.resourceVersion ?? '0';
  }
}

function selectors({
  fieldSelector,
  labelSelector,
}: Pick<CollectionOptions<unknown>, 'fieldSelector' | 'labelSelector'>): Record<string, string> {
  return { ...(fieldSelector && { fieldSelector }), ...(labelSelector && { labelSelector }) };
}
