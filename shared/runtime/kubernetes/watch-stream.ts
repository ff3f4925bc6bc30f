import type { Dispatcher } from 'undici';
import { errorOf, KubernetesError } from './kubernetes-error.ts';

/** How a watch ended: closed by the server or the network, by an error, or because its resource version is too old to resume from. */
export type WatchEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'expired' };

/** One event of a watch. A bookmark carries only the resource version; `OPENED` is ours and carries nothing. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown }
  | { readonly type: 'OPENED' };

/** Receives the events of a watch in their order. */
export type EventHandler = (event: WatchEvent) => void;

/** Reads the response to a watch request, one JSON object per line, until it ends. Never rejects. */
export async function followWatch(
  path: string,
  { statusCode, body }: Dispatcher.ResponseData,
  onEvent: EventHandler,
  signal: AbortSignal,
): Promise<WatchEnd> {
  try {
    if (statusCode === 410) {
      await body.dump();
      return { kind: 'expired' };
    }
    if (statusCode !== 200) return { kind: 'failed', error: errorOf(path, statusCode, await body.text()) };
    onEvent({ type: 'OPENED' });
    for await (const line of linesOf(body)) {
      if (signal.aborted) break;
      const { type, object } = JSON.parse(line) as { type: string; object: { code?: number; message?: string } };
      if (type !== 'ERROR') onEvent({ type: type as 'ADDED', object });
      else if (object.code === 410) return { kind: 'expired' };
      else throw new KubernetesError(path, object.code ?? 500, 'WatchError', object.message ?? '');
    }
    return { kind: 'closed' };
  } catch (error) {
    if (signal.aborted || isNetworkEnd(error)) return { kind: 'closed' };
    return { kind: 'failed', error };
  } finally {
    body.destroy();
  }
}

/** A connection that ends in the middle of a watch is ordinary: a server restarts, a proxy loses patience. */
function isNetworkEnd(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: string };
  return (
    code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_ABORTED'
  );
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const seen = rest.length;
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    // What was already there holds no line end: an object of a megabyte is not searched again with each chunk.
    let end = rest.indexOf('\n', seen);
    while (end >= 0) {
      if (end > start) yield rest.slice(start, end);
      start = end + 1;
      end = rest.indexOf('\n', start);
    }
    rest = rest.slice(start);
  }
}
