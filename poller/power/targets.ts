/** One exporter to scrape in a round. */
export interface Target {
  /** Names the target in logs, metrics and the store; never holds credentials. */
  readonly name: string;
  readonly url: string;
}

/** Tells which exporters to scrape; asked anew in every round, because nodes come and go. */
export type TargetSource = () => Promise<readonly Target[]>;

/** Fixed addresses, each scraped once however often it is listed. */
export function fixedTargets(urls: readonly string[]): TargetSource {
  const targets = [...new Set(urls)].map((url) => ({ name: nameOf(url), url }));
  return async () => targets;
}

function nameOf(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
