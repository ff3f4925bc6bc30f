import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher } from 'undici';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../../shared/runtime/kubernetes/connect.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PollerConfig } from '../config.ts';
import { endpointSliceTargets } from './endpoint-slices.ts';
import { ScrapeError } from './scrape-error.ts';
import { resolvedTargets, type Target, type TargetSource } from './targets.ts';

type FileSetting = 'EXPORTER_CA_FILE' | 'EXPORTER_CERT_FILE' | 'EXPORTER_KEY_FILE' | 'EXPORTER_BEARER_FILE';

/** Connections to exporters, with what they require: a trusted authority, a client certificate, a bearer token. */
export class ExporterAccess implements AsyncDisposable {
  readonly #config: PollerConfig;
  readonly #agents = new Map<string, Promise<Agent>>();

  constructor(config: PollerConfig) {
    this.#config = config;
  }

  /** The connections to a target; one agent for all addresses of a name, because TLS verifies the name. */
  dispatcherFor({ name, host = '' }: Target): Promise<Dispatcher> {
    let agent = this.#agents.get(host);
    if (agent === undefined) {
      agent = this.#connect(name, host);
      this.#agents.set(host, agent);
      // A file that cannot be read yet is tried again in the next poll cycle.
      agent.catch(() => this.#agents.delete(host));
    }
    return agent;
  }

  /** Headers to send; the token is read each time, because Kubernetes renews it. */
  async headersFor({ name, host }: Target): Promise<Record<string, string>> {
    const token = (await this.#read('EXPORTER_BEARER_FILE', name))?.trim();
    return { ...(host && { host }), ...(token && { authorization: `Bearer ${token}` }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const agents = await Promise.allSettled(this.#agents.values());
    for (const agent of agents) if (agent.status === 'fulfilled') await agent.value.destroy();
  }

  async #connect(name: string, host: string): Promise<Agent> {
    const [ca, cert, key] = await Promise.all(
      (['EXPORTER_CA_FILE', 'EXPORTER_CERT_FILE', 'EXPORTER_KEY_FILE'] as const).map((file) => this.#read(file, name)),
    );
    const servername = host.replace(/:\d+$/, '');
    return new Agent({
      maxResponseSize: -1,
      connect: {
        timeout: 5_000,
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(key && { key }),
        ...(servername && { servername }),
      },
    });
  }

  /** Content of a file that a setting names; undefined when it is not set. The error names the setting, not the exporter. */
  async #read(setting: FileSetting, target: string): Promise<string | undefined> {
    const file = this.#config[setting];
    if (file === undefined) return undefined;
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      const detail = `${setting}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`;
      throw new ScrapeError(target, 'unreachable', detail, { cause });
    }
  }
}

/** The exporters of some addresses: by the Kubernetes API, else by name and address. */
export function configuredTargets(
  urls: readonly string[],
  config: PollerConfig,
  client: KubernetesClient | undefined,
  logger: Logger,
): TargetSource {
  if (client === undefined || config.EXPORTER_DISCOVERY === 'dns') return resolvedTargets(urls, logger);
  return endpointSliceTargets(urls, client, logger);
}

/** Whether nodes are modelled from the usage that kubelets report. */
export function usesUsage({ POWER_SOURCE }: PollerConfig): boolean {
  return POWER_SOURCE === 'auto' || POWER_SOURCE === 'usage';
}

/** A client for the Kubernetes API, where discovery, pod labels or kubelets need one; inside a cluster by the name of its Service. */
export function clusterClient(config: PollerConfig): KubernetesClient | undefined {
  const kubelets = usesUsage(config) && config.KUBELET_URLS.size === 0 && config.KUBERNETES_SERVICE_HOST !== undefined;
  if (config.EXPORTER_DISCOVERY === 'dns' && !config.POD_LABELS && !kubelets) return undefined;
  return connectKubernetes({
    ...config,
    KUBERNETES_SERVICE_HOST: config.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc',
  });
}
