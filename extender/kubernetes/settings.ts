import { z } from 'zod';
import { kubernetesSettings } from '../../shared/runtime/kubernetes/settings.ts';

/** Whether and where a cluster is watched. */
export const clusterSettings = {
  NODE_WATCH: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Use of the Kubernetes API: `auto`: inside a cluster or with KUBECONFIG; `on`: also with ~/.kube/config; `off`: never',
    ),
  ...kubernetesSettings,
};
