import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { PollerConfig } from '../../config.ts';
import { type FetchOptions, fetchMetrics } from '../fetch-metrics.ts';
import { ScrapeError } from '../scrape-error.ts';
import { type KubeletUsage, readKubeletUsage } from './kubelet-body.ts';
import type { UsageNode } from './nodes.ts';

/** What kubelets say to a token that they do not take, with what to do. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'responds with HTTP 401: it does not accept the token; check KUBELET_BEARER_FILE and the kubelet’s webhook authentication',
  403: 'responds with HTTP 403: the ServiceAccount is not allowed to get nodes/metrics; add that to its ClusterRole',
};

/** Connections to kubelets: verified by the cluster's authority, with the token of the service account. */
export class KubeletAccess implements AsyncDisposable {
  readonly #config: PollerConfig;
  #agent: { readonly ca: string | undefined; readonly dispatcher: Agent } | undefined;

  constructor(config: PollerConfig, logger: Logger) {
    this.#config = config;
    if (config.KUBELET_INSECURE_TLS)
      logger.warn(
        { code: 'KUBELET_NOT_VERIFIED' },
        'certificates of kubelets are not verified (KUBELET_INSECURE_TLS): the token is sent to any server at their addresses',
      );
  }

  /** Reads one kubelet; throws a ScrapeError with the reason when it cannot. */
  async read(
    { name, url }: UsageNode,
    limits: Pick<FetchOptions, 'signal' | 'timeoutMs' | 'maxBytes'>,
  ): Promise<KubeletUsage> {
    const token = await this.#token(name, url);
    const options = {
      ...limits,
      dispatcher: await this.#dispatcher(name),
      ...(token && { headers: { authorization: `Bearer ${token}` } }),
    };
    try {
      return await fetchMetrics(name, url, options, async (body) => readKubeletUsage(name, await textOf(body)));
    } catch (error) {
      const refusal = error instanceof ScrapeError ? REFUSALS[error.status ?? 0] : undefined;
      if (!(error instanceof ScrapeError) || refusal === undefined) throw error;
      throw new ScrapeError(name, 'http-status', refusal, { status: error.status ?? 0, cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.dispatcher.destroy();
  }

  /** Read each time, because Kubernetes renews it. */
  async #token(target: string, url: string): Promise<string | undefined> {
    const { KUBELET_BEARER_FILE: file } = this.#config;
    if (file !== undefined) return (await readSetting('KUBELET_BEARER_FILE', file, target)).trim();
    // The account's own token is for the cluster's kubelets, and never goes over the wire in the clear.
    if (this.#config.KUBERNETES_SERVICE_HOST === undefined || !url.startsWith('https:')) return undefined;
    return (
      await readFile(join(this.#config.KUBERNETES_CREDENTIALS_DIR, 'token'), 'utf8').catch(() => undefined)
    )?.trim();
  }

  async #dispatcher(target: string): Promise<Dispatcher> {
    const { KUBELET_CA_FILE: file, KUBELET_INSECURE_TLS: insecure } = this.#config;
    const ca =
      file === undefined
        ? await readFile(join(this.#config.KUBERNETES_CREDENTIALS_DIR, 'ca.crt'), 'utf8').catch(() => undefined)
        : await readSetting('KUBELET_CA_FILE', file, target);
    if (this.#agent === undefined || this.#agent.ca !== ca) {
      const before = this.#agent?.dispatcher;
      const connect = { timeout: 5_000, rejectUnauthorized: !insecure, ...(ca && { ca }) };
      this.#agent = { ca, dispatcher: new Agent({ maxResponseSize: -1, connect }) };
      // Requests under way finish on the old connections.
      before?.close().catch(() => undefined);
    }
    return this.#agent.dispatcher;
  }
}

async function readSetting(setting: string, file: string, target: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const detail = `${setting}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw new ScrapeError(target, 'unreachable', detail, { cause });
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
