import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { ExtenderConfig } from '../config.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import type { PolicyOf } from './gates.ts';
import { watchQueueDefaults } from './queue-defaults.ts';
import { type AdmissionServer, type ReviewOutcome, startAdmissionServer } from './server.ts';
import { servingCertificate } from './serving-certificate.ts';
import { trustAuthorities } from './webhook-configuration.ts';

/** What the admission webhook is started with. */
export interface AdmissionOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  /** Name of the MutatingWebhookConfiguration, the Service and the Secret. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly policyOf: PolicyOf;
  readonly count: (outcome: ReviewOutcome) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The running webhook. */
export interface RunningAdmission extends AsyncDisposable {
  /** Where it listens; undefined while there is no certificate. */
  readonly port: () => number | undefined;
  /** Why the API server cannot use it; undefined while it can. */
  readonly problem: () => string | undefined;
}

/** Certificate and configuration are compared this often: what another replica or an administrator changed is followed. */
const REFRESH_MS = 60_000;
/** After a failure. */
const RETRY_MS = 5_000;

/**
 * Serves the mutating webhook, renews its certificate and makes the API server trust it. The extender starts without
 * waiting for it: until it works, and whenever it does not, objects are admitted unchanged (`failurePolicy: Ignore`).
 */
export function startAdmission(options: AdmissionOptions): RunningAdmission {
  const { client, name, clock, logger } = options;
  const queues = watchQueueDefaults(options);
  let server: AdmissionServer | undefined;
  let used: string | undefined;
  let problem: string | undefined = 'the certificate has not been read yet';
  let refreshed: number | undefined;
  const refresh = async () => {
    const certificate = await servingCertificate(options);
    if (server === undefined)
      server = await startAdmissionServer({ ...options, queues, certificate: certificate.server });
    else if (used !== certificate.server.certificate) server.useCertificate(certificate.server);
    if (used !== certificate.server.certificate)
      logger.info({ name, port: server.port }, 'the admission webhook serves with a new certificate');
    used = certificate.server.certificate;
    await trustAuthorities(client, name, certificate.authorities);
  };
  const attempt = async () => {
    if (refreshed !== undefined && clock.monotonic() - refreshed < REFRESH_MS) return;
    try {
      await refresh();
      problem = undefined;
      refreshed = clock.monotonic();
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem)
        logger.error(
          { code: 'ADMISSION_NOT_SET_UP', err: error, name },
          'the admission webhook cannot be set up; work that may wait starts at once',
        );
      problem = message;
      refreshed = undefined;
    }
  };
  const refreshing = startLoop({ name: 'admission webhook', intervalMs: RETRY_MS, clock, logger, task: attempt });
  return {
    port: () => server?.port,
    problem: () => problem,
    async [Symbol.asyncDispose]() {
      await refreshing[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await queues[Symbol.asyncDispose]();
    },
  };
}

/** Starts the admission webhook as the settings say; undefined where it is off. */
export function startConfiguredAdmission({
  config,
  client,
  placement: { policyOf, metrics },
  clock,
  logger,
}: {
  readonly config: Pick<
    ExtenderConfig,
    'ADMISSION' | 'ADMISSION_NAME' | 'ADMISSION_PORT' | 'ADMISSION_HOST' | 'DEFERRAL_NAMESPACE'
  >;
  readonly client: KubernetesClient;
  readonly placement: { readonly policyOf: PolicyOf; readonly metrics: Pick<ExtenderMetrics, 'countReview'> };
  readonly clock: Clock;
  readonly logger: Logger;
}): RunningAdmission | undefined {
  if (config.ADMISSION === 'off') return undefined;
  const { ADMISSION_NAME: name, ADMISSION_HOST: host, ADMISSION_PORT: port, DEFERRAL_NAMESPACE: namespace } = config;
  return startAdmission({ client, namespace, name, host, port, policyOf, count: metrics.countReview, clock, logger });
}
