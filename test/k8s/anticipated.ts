/**
 * Names that the manifests already use and the code is to bring. A name here is not checked; empty these lists as the
 * code arrives. What the code has by now is checked whether it stands here or not.
 */
export const ANTICIPATED = {
  /** Settings of the poller. */
  poller: ['REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD', 'REDIS_URL', 'SLACK_WEBHOOK_URL'],
  /** Settings of the extender. */
  extender: [
    ...['REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD', 'REDIS_URL', 'DEFERRAL'],
    ...['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CLIENT_CA_FILE'],
  ],
  /** Values of settings, as NAME=value. */
  values: ['POLLER_TASKS=readings'],
  /** Flags of poller/main.ts and extender/main.ts. */
  flags: ['poller/main.ts --once', 'extender/main.ts --watchdog'],
  /** Rights, as group/resource:verb. */
  rights: [
    ...['/nodes:list', '/nodes:watch', '/namespaces:list', '/namespaces:watch', '/events:create'],
    ...['/pods:list', '/pods:watch', '/pods:patch', 'batch/jobs:list', 'batch/jobs:watch', 'batch/jobs:patch'],
    ...['coordination.k8s.io/leases:create', 'coordination.k8s.io/leases:get', 'coordination.k8s.io/leases:update'],
  ],
} as const;
