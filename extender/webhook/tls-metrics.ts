import { Counter, Gauge, type Registry } from 'prom-client';
import { createCertificateMetrics } from '../../shared/runtime/certificate-metrics.ts';
import type { UsedCertificate } from '../../shared/runtime/certificates.ts';

/** The metrics of TLS on the scheduler port. */
export type TlsMetrics = ReturnType<typeof createTlsMetrics>;

/** Makes the metrics of TLS: expiry of certificates, the last reload, refused clients. */
export function createTlsMetrics(registers: Registry[]) {
  const certificates = createCertificateMetrics('extender', registers);
  const reload = new Gauge({
    name: 'carbon_extender_tls_reload_failed',
    help: '1 while the TLS files of EXTENDER_PORT cannot be loaded and the previous ones stay in use, else 0',
    registers,
  });
  const refused = new Counter({
    name: 'carbon_extender_refused_clients_total',
    help: 'TLS clients of EXTENDER_PORT that were refused, by reason: no-certificate, expired, unknown-authority, protocol, aborted, other',
    labelNames: ['reason'],
    registers,
  });
  return {
    /** Replaces the certificates that are in use on the port. */
    setCertificates: (used: readonly UsedCertificate[]): void => certificates.replace('port', used),
    /** Replaces the certificates that connections of the process use. */
    setConnectionCertificates: (used: readonly UsedCertificate[]): void => certificates.replace('connections', used),
    /** Records the outcome of the last attempt to load the files. */
    setReloadFailed: (failed: boolean): void => reload.set(failed ? 1 : 0),
    /** Counts a client that was refused. */
    countRefused: (reason: string): void => refused.inc({ reason }),
  };
}
