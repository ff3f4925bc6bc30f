/** An object of the API, as far as selectors and preconditions look at it. */
export interface Selectable {
  readonly metadata: {
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** Whether an object matches a field selector and a namespace. */
export type ObjectSelector = (object: Selectable) => boolean;

/** Preconditions of a write, uid and, where it is given, resource version: why they do not hold, or undefined. */
export function conflictOf(body: Partial<Selectable>, { metadata }: Selectable): string | undefined {
  const { uid, resourceVersion } = body.metadata ?? {};
  if (uid !== undefined && uid !== metadata.uid) return 'the uid in the precondition is not that of the object';
  if (resourceVersion === undefined || resourceVersion === metadata.resourceVersion) return undefined;
  return 'the object has been modified; please apply your changes to the latest version and try again';
}

/** Parses a field selector (`spec.nodeName!=,status.phase=Pending`); an absent field equals the empty string. */
export function objectSelector(text: string, namespace: string | undefined): ObjectSelector {
  const terms = text
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [, path = '', not = '', value = ''] = /^(.*?)(!?)==?(.*)$/.exec(term) ?? [];
      return { path: path.split('.'), equal: not === '', value };
    });
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    terms.every(({ path, equal, value }) => (fieldOf(object, path) === value) === equal);
}

function fieldOf(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const part of path) value = (value as Record<string, unknown> | undefined)?.[part];
  return value ?? '';
}

/** A strategic merge patch: objects key by key, null removes, lists of named items by name with `$patch: delete`. */
export function strategicMerge(onto: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return mergeNamed(Array.isArray(onto) ? onto : [], patch);
  if (patch === null || typeof patch !== 'object') return patch;
  const merged: Record<string, unknown> = { ...(onto as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = strategicMerge(merged[key], value);
  }
  return merged;
}

interface NamedItem {
  readonly name?: string;
  readonly $patch?: string;
}

function mergeNamed(onto: readonly NamedItem[], patch: readonly NamedItem[]): NamedItem[] {
  const items = new Map(onto.map((item) => [item.name, item]));
  for (const { $patch, ...item } of patch) {
    if ($patch === 'delete') items.delete(item.name);
    else items.set(item.name, strategicMerge(items.get(item.name), item) as NamedItem);
  }
  return [...items.values()];
}
