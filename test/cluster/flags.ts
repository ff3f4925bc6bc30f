import { CREDENTIAL_FILES } from './credentials.ts';

// Relative to the working folder, because the path of a socket may not be longer than 107 bytes. etcd wants a port in it.
const ETCD_SOCKET = 'unix://etcd:1';
const ETCD_PEER_SOCKET = 'unix://etcd-peer:1';

/** etcd on sockets in its working folder, without waiting for the disk. */
export function etcdFlags(): string[] {
  return [
    '--name=test',
    '--data-dir=etcd-data',
    '--unsafe-no-fsync',
    `--listen-client-urls=${ETCD_SOCKET}`,
    `--advertise-client-urls=${ETCD_SOCKET}`,
    `--listen-peer-urls=${ETCD_PEER_SOCKET}`,
    `--initial-advertise-peer-urls=${ETCD_PEER_SOCKET}`,
    `--initial-cluster=test=${ETCD_PEER_SOCKET}`,
  ];
}

/** kube-apiserver on the loopback: the etcd of the same working folder, tokens from a file, RBAC. `emulated`: an older version to behave like, such as `1.33`. */
export function apiServerFlags(port: number, emulated?: string): string[] {
  return [
    ...(emulated === undefined ? [] : [`--emulated-version=${emulated}`]),
    `--etcd-servers=${ETCD_SOCKET}`,
    '--bind-address=127.0.0.1',
    // Without the first it ends on a machine without a default route; the second, because no endpoint may be a loopback address.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${CREDENTIAL_FILES.serverCertificate}`,
    `--tls-private-key-file=${CREDENTIAL_FILES.serverKey}`,
    `--token-auth-file=${CREDENTIAL_FILES.tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${CREDENTIAL_FILES.serviceAccountKey}`,
    `--service-account-key-file=${CREDENTIAL_FILES.serviceAccountKey}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    // No controller makes default service accounts or lifts the not-ready taint that new nodes would get.
    '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
  ];
}

/** kube-scheduler on the loopback. At verbosity 5 it also logs the prioritize errors that it otherwise ignores in silence. */
export function schedulerFlags(options: {
  config: string;
  kubeconfig: string;
  port: number;
  verbosity: number;
}): string[] {
  return [
    `--config=${options.config}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${options.port}`,
    `--tls-cert-file=${CREDENTIAL_FILES.serverCertificate}`,
    `--tls-private-key-file=${CREDENTIAL_FILES.serverKey}`,
    `--authentication-kubeconfig=${options.kubeconfig}`,
    `--authorization-kubeconfig=${options.kubeconfig}`,
    // The API server has no certificate authority for clients that could be looked up.
    '--authentication-skip-lookup=true',
    `--v=${options.verbosity}`,
  ];
}

/** The configuration with our kubeconfig as its clientConnection.kubeconfig; the other settings there stay. */
export function withKubeconfig(configYaml: string, kubeconfig: string): string {
  const entry = `kubeconfig: ${JSON.stringify(kubeconfig)}`;
  if (!/^clientConnection:/m.test(configYaml)) return `${configYaml.trimEnd()}\nclientConnection:\n  ${entry}\n`;
  const block = /^clientConnection:[^\S\n]*\n([^\S\n]+)/m;
  if (!block.test(configYaml)) throw new Error('clientConnection is not a block of indented lines');
  return configYaml.replace(block, (_, indent: string) => `clientConnection:\n${indent}${entry}\n${indent}`);
}
