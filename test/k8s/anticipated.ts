/**
 * Names that the manifests already use and the code is to bring. A name here is not checked; empty these lists as the
 * code arrives. What the code has by now is checked whether it stands here or not.
 */
export const ANTICIPATED: Readonly<Record<'poller' | 'extender' | 'values' | 'flags' | 'rights', readonly string[]>> = {
  /** Settings of the poller. */
  poller: [],
  /** Settings of the extender. */
  extender: [],
  /** Values of settings, as NAME=value. */
  values: [],
  /** Flags of poller/main.ts and extender/main.ts. */
  flags: [],
  /** Rights, as group/resource:verb. */
  rights: [],
};
