import { type FetchOptions, fetchMetrics } from '../fetch-metrics.ts';
import { KeplerBodyError, type KeplerScrape } from '../observation.ts';
import { ScrapeError } from '../scrape-error.ts';
import { KeplerReader } from './reader.ts';

/** Limits of one scrape, and how its body is read. */
export interface ScrapeOptions extends FetchOptions {
  readonly zone?: string | undefined;
  /** The exporter's total was found to be sound: its parts need not be read. */
  readonly totalIsSound?: boolean;
}

/** Fetches an exporter's metrics and reads them as they arrive; throws a ScrapeError with the reason when it cannot. */
export async function scrape(name: string, url: string, options: ScrapeOptions): Promise<KeplerScrape> {
  return fetchMetrics(name, url, options, async (body, contentType) => {
    const openMetrics = contentType.startsWith('application/openmetrics-text');
    const reader = new KeplerReader({ zone: options.zone, openMetrics, totalIsSound: options.totalIsSound ?? false });
    try {
      for await (const chunk of body) reader.push(chunk);
      return reader.finish();
    } catch (error) {
      if (!(error instanceof KeplerBodyError)) throw error;
      throw new ScrapeError(name, error.reason, error.message, { cause: error });
    }
  });
}
