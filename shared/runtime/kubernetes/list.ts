import type { KubernetesClient } from './client.ts';

/** Which collection to list, and how. */
export interface ObjectListOptions {
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Objects per request; default 500, as kubectl. */
  readonly pageSize?: number;
  /** Media types, to ask for less than whole objects. */
  readonly accept?: string;
}

/** One page of a list. */
interface Page {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly unknown[];
}

/** All objects of a collection, page by page; rejects with a KubernetesError where it cannot be listed. */
export async function* listObjects(
  client: Pick<KubernetesClient, 'request'>,
  path: string,
  { fieldSelector, labelSelector, pageSize = 500, accept }: ObjectListOptions = {},
): AsyncIterable<unknown> {
  let next: string | undefined;
  do {
    const query = new URLSearchParams({
      limit: String(pageSize),
      ...(fieldSelector && { fieldSelector }),
      ...(labelSelector && { labelSelector }),
      ...(next && { continue: next }),
    });
    const page = (await client.request('GET', `${path}?${query}`, undefined, accept)) as Page;
    yield* page.items ?? [];
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
}
