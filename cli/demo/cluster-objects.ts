import type { Clock } from '../../shared/runtime/clock.ts';

/** An object of the Kubernetes API, as JSON. */
export interface DemoObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller: boolean;
    }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** A change of an object, as a watch reports it. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Plural of its kind: `pods`. */
  readonly collection: string;
  readonly object: DemoObject;
  /** The object before the change; undefined for one that is new. */
  readonly before: DemoObject | undefined;
}

/** The objects of the demo's cluster, in memory. */
export interface ClusterObjects {
  /** Version of the newest change. */
  readonly version: number;
  /** Adds or replaces an object; returns it with its metadata complete. */
  put(collection: string, object: DemoObject): DemoObject;
  remove(collection: string, key: string): void;
  get(collection: string, key: string): DemoObject | undefined;
  all(collection: string): readonly DemoObject[];
  /** Changes after a version, oldest first. */
  changesSince(version: number): readonly ObjectChange[];
  /** Calls back on every change until the returned function is called. */
  watch(onChange: (change: ObjectChange) => void): () => void;
}

/** Changes that a watch can catch up on. */
const MAX_CHANGES = 20_000;

/** Key of an object within its collection: `namespace/name`, or the name of one that has no namespace. */
export function keyOf({ metadata }: DemoObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Creates an empty cluster. */
export function createClusterObjects(clock: Clock): ClusterObjects {
  const collections = new Map<string, Map<string, DemoObject>>();
  const watchers = new Set<(change: ObjectChange) => void>();
  const changes: { readonly version: number; readonly change: ObjectChange }[] = [];
  let version = 1;
  const collectionOf = (name: string): Map<string, DemoObject> => {
    const known = collections.get(name) ?? new Map<string, DemoObject>();
    collections.set(name, known);
    return known;
  };
  const publish = (change: ObjectChange): void => {
    changes.push({ version, change });
    if (changes.length > MAX_CHANGES) changes.splice(0, MAX_CHANGES / 2);
    for (const watcher of watchers) watcher(change);
  };
  return {
    get version() {
      return version;
    },
    put(collection, object) {
      version += 1;
      const before = collectionOf(collection).get(keyOf(object));
      const metadata = {
        uid: before?.metadata.uid ?? crypto.randomUUID(),
        creationTimestamp: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
        ...object.metadata,
        resourceVersion: String(version),
      };
      const stored = { ...object, metadata };
      collectionOf(collection).set(keyOf(stored), stored);
      publish({ type: before === undefined ? 'ADDED' : 'MODIFIED', collection, object: stored, before });
      return stored;
    },
    remove(collection, key) {
      const before = collectionOf(collection).get(key);
      if (before === undefined) return;
      version += 1;
      collectionOf(collection).delete(key);
      const metadata = { ...before.metadata, resourceVersion: String(version) };
      publish({ type: 'DELETED', collection, object: { ...before, metadata }, before });
    },
    get: (collection, key) => collectionOf(collection).get(key),
    all: (collection) => [...collectionOf(collection).values()],
    changesSince: (since) => changes.filter((each) => each.version > since).map(({ change }) => change),
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}
