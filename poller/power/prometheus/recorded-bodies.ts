import { KEPLER_METRICS, KeplerBody, type KeplerOptions } from '../kepler/body.ts';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import type { RawSeries } from './prometheus-client.ts';

/** One scrape of an exporter, put together again from what Prometheus recorded of it. */
export interface RecordedScrape {
  /** When Prometheus scraped, milliseconds since 1970. */
  readonly at: number;
  readonly scrape: KeplerScrape;
}

/** Selector of everything that is read of Kepler, of one exporter or of all, without zones that are never added up. */
export function keplerSelector(exporter: Readonly<Record<string, string>> = {}, zone?: string): string {
  const own = Object.entries(exporter).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  // Metrics without zones have an empty one.
  const zones = ['', 'package.*', 'dram', 'psys', ...(zone === undefined ? [] : [escaped(zone)])].join('|');
  return `{${[`__name__=~"${KEPLER_METRICS.join('|')}"`, `zone=~"${zones}"`, ...own].join(',')}}`;
}

/**
 * The scrapes of one exporter after a time, oldest first: all samples of one scrape carry the same time. A body that gives
 * no counters is left out, as a scrape of it would be; its error is the last one's.
 */
export function recordedScrapes(
  series: readonly RawSeries[],
  after: number,
  options: KeplerOptions,
): { readonly scrapes: readonly RecordedScrape[]; readonly error: KeplerBodyError | undefined } {
  const byTime = new Map<number, KeplerBody>();
  for (const { labels, samples } of series) {
    const own = new Map(Object.entries(exporterLabels(labels)));
    for (const [at, value] of samples) {
      if (at <= after) continue;
      let body = byTime.get(at);
      if (body === undefined) {
        body = new KeplerBody(options);
        byTime.set(at, body);
      }
      body.take({ metric: labels.__name__ ?? '', labels: own, value });
    }
  }
  const scrapes: RecordedScrape[] = [];
  let error: KeplerBodyError | undefined;
  for (const [at, body] of [...byTime].sort(([a], [b]) => a - b)) {
    try {
      const scrape = body.finish();
      if (scrape !== undefined) scrapes.push({ at, scrape });
    } catch (caught) {
      if (!(caught instanceof KeplerBodyError)) throw caught;
      error = caught;
    }
  }
  return { scrapes, error };
}

/** Labels as the exporter had them: Prometheus moves those that collide with its own aside. */
function exporterLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = { ...labels };
  for (const [name, value] of Object.entries(labels)) if (name.startsWith('exported_')) own[name.slice(9)] = value;
  return own;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\\$&`);
}
