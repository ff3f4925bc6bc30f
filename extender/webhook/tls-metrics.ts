import { Counter, Gauge, type Registry } from 'prom-client';
import type { UsedCertificate } from './certificates.ts';

/** The metrics of TLS on the scheduler port. */
export type TlsMetrics = ReturnType<typeof createTlsMetrics>;

/** Makes the metrics of TLS: expiry of certificates, the last reload, refused clients. */
export function createTlsMetrics(registers: Registry[]) {
  const expiry = new Gauge({
    name: 'carbon_extender_certificate_expiry_timestamp_seconds',
    help: 'When each certificate in use on EXTENDER_PORT expires: the server’s own chain (server) and the authorities of clients (client-ca)',
    labelNames: ['certificate', 'name'],
    registers,
  });
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
    /** Replaces the certificates that are in use. Of several with one subject the first to expire counts. */
    setCertificates(used: readonly UsedCertificate[]): void {
      expiry.reset();
      for (const { certificate, name, notAfter } of [...used].sort((a, b) => b.notAfter - a.notAfter))
        expiry.set({ certificate, name }, notAfter / 1_000);
    },
    /** Records the outcome of the last attempt to load the files. */
    setReloadFailed: (failed: boolean): void => reload.set(failed ? 1 : 0),
    /** Counts a client that was refused. */
    countRefused: (reason: string): void => refused.inc({ reason }),
  };
}
