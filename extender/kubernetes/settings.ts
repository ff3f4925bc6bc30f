import { z } from 'zod';

/** Where the cluster is that nodes and namespaces are watched in. */
export const kubernetesSettings = {
  NODE_WATCH: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Whether the Kubernetes API is used: `auto` inside a cluster or with KUBECONFIG, `on` also with ~/.kube/config, `off` never',
    ),
  KUBECONFIG: z.string().optional().describe('Path of a kubeconfig file; wins over the service account of the pod'),
  KUBERNETES_SERVICE_HOST: z
    .string()
    .optional()
    .describe('Set by the kubelet in every container: a service account is there to be used'),
};
