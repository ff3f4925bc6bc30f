import { Agent, request } from 'undici';

/** What sending came to. */
export interface Sent {
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
}

let count = 0;

/** A reading that was never sent before. */
export function nextReading(): object {
  count += 1;
  const timestamp = new Date(Date.now() - 3_600_000 + count).toISOString();
  return { site_id: `site-${count % 20}`, device_id: `meter-${count % 7}`, power_reading: 100.5, timestamp };
}

/** Posts until so many requests were answered or the time is over, over a number of connections; `size` readings each. */
export async function post(
  url: string,
  {
    requests,
    size,
    connections,
    forMs = Infinity,
  }: Record<'requests' | 'size' | 'connections', number> & { forMs?: number },
): Promise<Sent> {
  await using stack = new AsyncDisposableStack();
  const agent = stack.adopt(new Agent({ connections, pipelining: 1 }), (own) => own.close());
  let left = requests;
  let accepted = 0;
  let refused = 0;
  const start = performance.now();
  const sender = async () => {
    while (left-- > 0 && performance.now() - start < forMs) {
      const readings = Array.from({ length: size }, nextReading);
      const body = JSON.stringify(size === 1 ? readings[0] : readings);
      const headers = { 'content-type': 'application/json' };
      const response = await request(url, { method: 'POST', body, headers, dispatcher: agent });
      await response.body.dump({ limit: 64 * 1_048_576 });
      if (response.statusCode === 201) accepted += size;
      else refused += size;
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  return { accepted, refused, seconds: (performance.now() - start) / 1000 };
}
