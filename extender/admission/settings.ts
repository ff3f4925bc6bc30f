import { z } from 'zod';
import { listenAddress, port } from '../../shared/runtime/config.ts';

/** Settings of the admission webhook. */
export const admissionSettings = {
  ADMISSION: z
    .enum(['on', 'off'])
    .default('off')
    .describe(
      '`on`: gates work that may wait by a mutating admission webhook; `off`: admission policies of the API server do it (from Kubernetes 1.36 on), or nothing',
    ),
  ADMISSION_NAME: z
    .string()
    .min(1)
    .default('carbon-extender-gate')
    .describe(
      'Name of the admission policy or MutatingWebhookConfiguration, and of the Service and the Secret of the webhook',
    ),
  ADMISSION_PORT: port().default(9443).describe('Port of the admission webhook, always with TLS'),
  ADMISSION_HOST: listenAddress().default('::').describe('Address that ADMISSION_PORT listens on'),
};
