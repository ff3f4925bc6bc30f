/**
 * Names that the manifests already use and the code is to bring. A name here is not checked; empty these lists as the
 * code arrives. What the code has by now is checked whether it stands here or not.
 */
export const ANTICIPATED: Readonly<Record<'poller' | 'extender' | 'values' | 'flags' | 'rights', readonly string[]>> = {
  /** Settings of the poller. */
  poller: [],
  /** Settings of the extender. */
  extender: ['DEFERRAL', 'DEFERRAL_NAMESPACE'],
  /** Values of settings, as NAME=value. */
  values: [],
  /** Flags of poller/main.ts and extender/main.ts. */
  flags: ['extender/main.ts --watchdog'],
  /** Rights, as group/resource:verb. */
  rights: [
    ...['/pods:patch', 'batch/jobs:list', 'batch/jobs:watch', 'batch/jobs:patch'],
    ...['coordination.k8s.io/leases:create', 'coordination.k8s.io/leases:get', 'coordination.k8s.io/leases:update'],
  ],
};
