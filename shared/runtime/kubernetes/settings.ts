import { z } from 'zod';
import { port } from '../config.ts';

/** Where the API server is, and the credentials for it. */
export const kubernetesSettings = {
  KUBECONFIG: z
    .string()
    .optional()
    .describe('Paths of kubeconfig files, separated by `:`; take precedence over the service account of the pod'),
  KUBERNETES_SERVICE_HOST: z
    .string()
    .optional()
    .describe('Host of the API server; set by the kubelet in every container'),
  KUBERNETES_SERVICE_PORT: port()
    .default(443)
    .describe('Port of the API server; set by the kubelet in every container'),
  KUBERNETES_CREDENTIALS_DIR: z
    .string()
    .default('/var/run/secrets/kubernetes.io/serviceaccount')
    .describe('Folder with `token` and `ca.crt` of the pod’s service account'),
};
