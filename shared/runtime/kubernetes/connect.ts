import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';
import { createClient, type KubernetesClient } from './client.ts';
import { openConnections } from './connection.ts';
import { type ClusterAccess, readKubeconfig } from './kubeconfig.ts';

/** Settings that say where the API server is. */
export interface KubernetesSettings {
  /** `auto` (default) connects inside a cluster or with KUBECONFIG, `on` also with ~/.kube/config, `off` never. */
  readonly NODE_WATCH?: 'auto' | 'on' | 'off';
  /** Paths of kubeconfig files, separated as in PATH. */
  readonly KUBECONFIG?: string | undefined;
  /** Set by the kubelet in every container: its presence means that the program runs inside a cluster. */
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: number | undefined;
  readonly KUBERNETES_CREDENTIALS_DIR?: string | undefined;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A client for the configured cluster; undefined where none is configured. Throws a ConfigError for a kubeconfig that cannot be used. */
export function connectKubernetes(settings: KubernetesSettings): KubernetesClient | undefined {
  const { NODE_WATCH: mode = 'auto', KUBECONFIG: files, KUBERNETES_SERVICE_HOST: host } = settings;
  if (mode === 'off' || (mode === 'auto' && !files && !host)) return undefined;
  return createClient(openConnections(files || !host ? kubeconfigAccess(files) : inClusterAccess(host, settings)));
}

function kubeconfigAccess(files: string | undefined): ClusterAccess {
  try {
    return readKubeconfig(files ? files.split(':').filter(Boolean) : [join(homedir(), '.kube', 'config')]);
  } catch (error) {
    throw new ConfigError('kubernetes', [`KUBECONFIG: ${(error as Error).message}`]);
  }
}

/** The API server as a pod reaches it. */
function inClusterAccess(host: string, settings: KubernetesSettings): ClusterAccess {
  const { KUBERNETES_SERVICE_PORT: port = 443, KUBERNETES_CREDENTIALS_DIR: folder = SERVICE_ACCOUNT } = settings;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile: join(folder, 'ca.crt'),
    user: { tokenFile: join(folder, 'token') },
  };
}
