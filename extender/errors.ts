import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the extender reports. */
export const EXTENDER_ERRORS = {
  DEFERRAL_ACTION_FAILED: {
    message: 'could not change waiting work; retrying in the next reconciliation',
    action: 'see `err` for the API server’s response; a 403 means that the RBAC rules of the manifests are missing',
  },
  DEFERRAL_WITHOUT_CLUSTER: {
    message: 'nothing is deferred: no Kubernetes API is configured',
    action: 'set KUBECONFIG, or run inside the cluster',
  },
  LEASE_RENEWAL_FAILED: {
    message: 'could not renew the Lease',
    action: 'check that the API server is reachable; another replica leads after 15 s',
  },
  LEADER_LOST: {
    message: 'lost leadership of the deferral controller',
    action: 'nothing to do while another replica leads; deadlines are kept by every replica',
  },
  RECONCILIATION_FAILED: {
    message: 'a reconciliation of the deferral controller failed',
    action: 'it is repeated after DEFERRAL_PERIOD_SECONDS; report it with `err` if it persists',
  },
  WATCHDOG_RELEASED: {
    message: 'the watchdog released work whose deadline had passed',
    action: 'check that the extender runs with DEFERRAL=on and reaches the API server',
  },
  WATCHDOG_RELEASE_FAILED: {
    exitCode: 1,
    message: 'the watchdog could not release work past its deadline',
    action: 'see `err`; the runbook has the command that removes gates by hand',
  },
  WATCHDOG_NAMESPACES_FORBIDDEN: {
    message: 'the watchdog is not allowed to list namespaces: their defaults are not known',
    action: 'apply the RBAC rules of the manifests',
  },
  KUBERNETES_ANONYMOUS: {
    message: 'the kubeconfig has no credentials for its user: the Kubernetes API sees system:anonymous',
    action: 'give the user of the current context a token, a client certificate or an exec plug-in',
  },
  KUBERNETES_NOT_CONNECTED: {
    message: 'no cluster is watched: the zones of nodes come from the configuration alone',
    action: 'see `err`; correct KUBECONFIG, or set NODE_WATCH=off',
  },
  KUBERNETES_WATCH_FAILED: {
    message: 'the watch of the Kubernetes API failed; retrying',
    action: 'check that the API server is reachable, and the RBAC rules of the manifests',
  },
  KUBERNETES_OBJECT_INVALID: {
    message: 'an object of the Kubernetes API cannot be read and is skipped',
    action: 'see `err` for the field',
  },
} as const;

/** Makes an error of the extender's catalogue. */
export const extenderError = errorFactory(EXTENDER_ERRORS);
