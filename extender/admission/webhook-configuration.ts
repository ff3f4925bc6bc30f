import { z } from 'zod';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';

const configurationObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  webhooks: z
    .array(z.object({ name: z.string(), clientConfig: z.object({ caBundle: z.string().nullish() }) }))
    .nullish(),
});

/**
 * Makes the API server trust some authorities (PEM) for every webhook of our MutatingWebhookConfiguration; writes only what
 * differs. Rejects with a KubernetesError where the configuration is missing or not allowed.
 */
export async function trustAuthorities(client: KubernetesClient, name: string, authorities: string): Promise<void> {
  const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${encodeURIComponent(name)}`;
  const { metadata, webhooks } = configurationObject.parse(await client.request('GET', path));
  const bundle = Buffer.from(authorities).toString('base64');
  const untrusting = (webhooks ?? []).filter(({ clientConfig }) => clientConfig.caBundle !== bundle);
  if (untrusting.length === 0) return;
  const value = {
    metadata: { resourceVersion: metadata.resourceVersion },
    webhooks: untrusting.map((webhook) => ({ name: webhook.name, clientConfig: { caBundle: bundle } })),
  };
  await client.request('PATCH', path, { type: 'application/strategic-merge-patch+json', value });
}
