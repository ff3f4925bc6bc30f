/** Shares a computation among all that request it by the same key while it runs; the next request after its end computes anew. */
export function shareInFlight<Value>(): (key: string, compute: () => Promise<Value>) => Promise<Value> {
  const running = new Map<string, Promise<Value>>();
  return (key, compute) => {
    const known = running.get(key);
    if (known !== undefined) return known;
    const result = compute().finally(() => running.delete(key));
    running.set(key, result);
    return result;
  };
}
