import type { KeplerErrorReason } from './observation.ts';

/**
 * Why a scrape gave no counters: the body is not usable, or the way to it failed. Of kubelets also: the certificate could
 * not be verified, the values are old. Of Prometheus also: its samples are old, it refused the query, its limits are too
 * low for it, or it had only a part of the result.
 */
export type ScrapeErrorReason =
  | KeplerErrorReason
  | 'unreachable'
  | 'timeout'
  | 'http-status'
  | 'too-large'
  | 'certificate'
  | 'stale'
  | 'query-refused'
  | 'query-too-large'
  | 'partial';

/** Thrown for a scrape that gave no counters. */
export class ScrapeError extends Error {
  readonly reason: ScrapeErrorReason;
  readonly target: string;
  /** Status of the response; absent where it was 200 or there was none. */
  readonly status: number | undefined;

  constructor(
    target: string,
    reason: ScrapeErrorReason,
    detail: string,
    more: { status?: number; cause?: unknown } = {},
  ) {
    super(`${target}: ${detail}`, { cause: more.cause });
    this.name = 'ScrapeError';
    this.reason = reason;
    this.target = target;
    this.status = more.status;
  }
}
