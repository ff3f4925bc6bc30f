import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the extender reports. */
export const EXTENDER_ERRORS = {
  ADMISSION_FAILED: {
    message: 'could not respond to an admission review',
    action: 'see `err`; the object was admitted unchanged, so work that may wait started at once',
  },
  ADMISSION_NOT_SET_UP: {
    message: 'the admission webhook cannot be set up; work that may wait starts at once',
    action: 'see `err`; it needs its Secret and the MutatingWebhookConfiguration named in ADMISSION_NAME',
  },
  API_THREAD_ENDED: {
    message: 'the API thread ended and is restarted',
    action: 'see `reason`; if it ran out of memory, raise API_HEAP_MB',
  },
  BATCH_EMPTY: { status: 400, message: 'the batch is empty', action: 'send at least one reading' },
  BATCH_TOO_LARGE: {
    status: 413,
    message: 'the batch has {count} readings, more than {limit}',
    action: 'send it in parts, or set READINGS_MAX_BATCH',
  },
  BODY_EMPTY: { status: 400, message: 'the request has no body', action: 'send a JSON value' },
  BODY_INCOMPLETE: { status: 400, message: 'the body is shorter than its Content-Length', action: 'send it again' },
  BODY_NOT_JSON: { status: 400, message: 'the body is not valid JSON', action: 'correct its syntax' },
  BODY_TOO_LARGE: { status: 413, message: 'the body is larger than {limit} bytes', action: 'send it in parts' },
  CONTAINER_UNKNOWN: {
    status: 404,
    message: 'no power is recorded for {namespace}/{pod}/{container}',
    action: 'GET /api/containers lists those with recorded power',
  },
  DECISIONS_NOT_RECORDED: {
    status: 503,
    message: 'this process records no placement decisions',
    action: 'send the request to an extender that has a store',
  },
  DECISIONS_NOT_WRITTEN: {
    message: 'placement decisions cannot be written and are kept in memory',
    action: 'see `err`; they are written with the next decisions',
  },
  ENCODING_UNSUPPORTED: {
    status: 415,
    message: 'the content encoding or character set of the body is not supported',
    action: 'send UTF-8, plain or compressed with gzip, deflate or br',
  },
  EVENT_STREAMS_EXHAUSTED: {
    status: 503,
    message: 'too many event streams are open; the limit is {limit}',
    action: 'close one, or try again after Retry-After',
  },
  EXPORTS_EXHAUSTED: {
    status: 503,
    message: '{limit} exports are running, as many as the memory of the API allows',
    action: 'try again after Retry-After, or raise API_HEAP_MB',
  },
  FORMAT_NOT_ACCEPTABLE: {
    status: 406,
    message: 'none of the accepted media types can be written',
    action: 'accept application/json, application/x-ndjson or text/csv',
  },
  HOST_NOT_ALLOWED: {
    status: 403,
    message: 'the Host {host} is not a name of this server',
    action: 'add it to ALLOWED_HOSTS if it is',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 409,
    message: 'the Idempotency-Key was used before with another body',
    action: 'use a new key for new readings',
  },
  INTERNAL_ERROR: { status: 500, message: 'the request failed', action: 'see the log of the extender' },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    message: 'the Content-Type of the body is not supported here',
    action: 'send {types}',
  },
  METHOD_NOT_ALLOWED: { status: 405, message: '{method} is not allowed here', action: 'use {allowed}' },
  NODE_ZONES_NOT_STORED: {
    message: 'the zones of nodes cannot be read or written',
    action: 'see `err`; the zones that nodes report are used from memory and written later',
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    message: 'pages from {origin} are not allowed to use this API',
    action: 'to allow them, add the origin to API_CORS_ORIGINS',
  },
  OTLP_NOT_EXPORTED: { message: 'metrics could not be sent by OTLP', action: 'check OTEL_EXPORTER_OTLP_ENDPOINT' },
  PATH_UNKNOWN: { status: 404, message: 'nothing is served at {path}', action: 'see GET /docs' },
  RATE_LIMITED: {
    status: 429,
    message: 'more than {limit} requests a second came from this address',
    action: 'wait for the time in Retry-After, or raise API_REQUESTS_PER_SECOND',
  },
  READINGS_INVALID: { status: 400, message: 'no reading was accepted', action: 'correct the issues listed in errors' },
  READINGS_NOT_STORED: {
    status: 503,
    message: 'the store cannot accept readings',
    action: 'send them again after Retry-After; the log has the reason',
  },
  REDIS_FAILED: {
    status: 503,
    message: 'Redis returned an error',
    action: 'send the readings again after Retry-After; the log has the reason',
  },
  REDIS_FULL: {
    status: 503,
    message: 'Redis is out of memory',
    action: 'send the readings again after Retry-After, or raise its maxmemory',
  },
  REDIS_NO_ACCESS: {
    status: 503,
    message: 'Redis refuses the user or password of this service',
    action: 'set REDIS_USERNAME and REDIS_PASSWORD; send the readings again after Retry-After',
  },
  READINGS_REDIS_UNREACHABLE: {
    status: 503,
    message: 'Redis cannot be reached',
    action: 'send the readings again after Retry-After',
  },
  REDIS_WRONG_TYPE: {
    status: 503,
    message: 'the key {stream} in Redis is not a stream',
    action: 'set REDIS_STREAM to another key, or remove this one; send the readings again after Retry-After',
  },
  REQUEST_CONFLICTING: {
    status: 409,
    message: 'the request is well-formed, but its parts conflict with each other, the current time or recorded data',
    action: 'correct the issues listed in errors',
  },
  REQUEST_INVALID: { status: 400, message: 'the request is not valid', action: 'correct the issues listed in errors' },
  REQUEST_UNREADABLE: {
    status: 400,
    message: 'the request cannot be read',
    action: 'check its path, headers and body',
  },
  SITE_UNKNOWN: {
    status: 404,
    message: 'the site {site} has neither readings nor a zone',
    action: 'GET /sites lists the known sites',
  },
  HISTORY_UNAVAILABLE: {
    status: 503,
    message: 'the store is not available and nothing was changed',
    action: 'send the request again after Retry-After',
  },
  STREAM_FULL: {
    status: 503,
    message: '{length} readings are waiting to be processed, which is the limit',
    action: 'start more workers or raise REDIS_STREAM_MAX_LENGTH; send the readings again after Retry-After',
  },
  TOKEN_INVALID: { status: 401, message: 'the bearer token is wrong', action: 'send the value of API_TOKEN' },
  TOKEN_MISSING: {
    status: 401,
    message: 'a bearer token is needed',
    action: 'send Authorization: Bearer with the value of API_TOKEN',
  },
  VALUE_REFUSED: {
    status: 422,
    message: 'the database rejected a value of the request',
    action: 'correct it; nothing was changed',
  },
  WORKLOADS_INVALID: {
    status: 422,
    message: 'nothing was saved, because some records cannot be calculated',
    action: 'correct the issues listed in errors',
  },
  DEFERRAL_ACTION_FAILED: {
    message: 'could not change waiting work; retrying in the next reconciliation',
    action: 'see `err` for the API server’s response; a 403 means that the RBAC rules of the manifests are missing',
  },
  DEFERRAL_WITHOUT_CLUSTER: {
    message: 'nothing is deferred: no Kubernetes API is configured',
    action: 'set KUBECONFIG, or run inside the cluster',
  },
  LABELS_NOT_RECORDED: {
    status: 409,
    message: 'the request needs pod labels, and none are recorded',
    action: 'let the poller reach the Kubernetes API, or leave labels and controllers out',
  },
  LEASE_RENEWAL_FAILED: {
    message: 'could not renew the Lease',
    action: 'check that the API server is reachable; another replica leads after 15 s',
  },
  LEADER_LOST: {
    message: 'lost leadership of the deferral controller',
    action: 'nothing to do while another replica leads; deadlines are enforced by every replica',
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
    message: 'the kubeconfig has no credentials for its user: requests reach the Kubernetes API as system:anonymous',
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
  ZONE_CODES_CORRECTED: {
    message: 'corrected zone codes in ZONE_MAP or DEFAULT_ZONE',
    action: 'write the codes that `corrections` lists',
  },
  NODE_ZONES_UNKNOWN: {
    message: 'the grid zone of some nodes is not known: they are neither preferred nor avoided',
    action: 'label them with carbon-extender.io/zone, or set ZONE_MAP or DEFAULT_ZONE',
  },
  NAMESPACE_ANNOTATIONS_INVALID: {
    message: 'ignored invalid annotations of a namespace',
    action: 'correct the annotations that `annotations` lists',
  },
  NODE_POWER_INVALID: {
    message: 'the file with the measured power of nodes cannot be read: nodes are scored by intensity alone',
    action: 'check NODE_POWER_FILE, and that the poller writes it',
  },
  DECISIONS_LOST: {
    message: 'placement decisions could not be stored before the end of the process',
    action: 'check that the store accepts writes; scheduling is not affected',
  },
  CACHE_MISSING: {
    message: 'the carbon cache is missing: all nodes get equal scores until it is back',
    action: 'check CACHE_FILE, and that the poller writes it; `reason` says what was found',
  },
  CACHE_VALUE_DROPPED: {
    message: 'an invalid value in the carbon cache {file} is ignored: {issue}',
    action: 'check the program that writes the file; if the value is correct, raise MAX_INTENSITY',
  },
  CACHE_STALE: {
    message: 'the carbon cache is stale: all nodes get equal scores until it is renewed',
    action: 'check the poller; its log names the grid provider that fails',
  },
  FILE_EVENTS_UNAVAILABLE: {
    message: 'no file events for the folder of the carbon cache; polling continues',
    action: 'raise fs.inotify.max_user_watches to have changes of the file noticed at once',
  },
  SCHEDULER_REQUEST_FAILED: {
    status: 500,
    message: 'a request on the scheduler port failed',
    action: 'report it with `err`; kube-scheduler continues without this response',
  },
  TLS_CLIENT_REFUSED: {
    message: 'refused a TLS client of the scheduler port',
    action: 'check the client certificate and TLS_CLIENT_CA_FILE; `reason` says what is wrong',
  },
  EVENT_LOOP_UNWATCHED: {
    message: 'a hung event loop would not be noticed by the process itself',
    action: 'nothing to do while the liveness probe is set; report it with `err`',
  },
  EVENT_LOOP_HUNG: {
    message: 'the event loop of the scheduler port hung; the process exits to be restarted',
    action: 'report the request that caused it; EVENT_LOOP_LIMIT_SECONDS=0 turns this off',
    exitCode: 137,
  },
  NO_GATE: {
    message:
      'the cluster has neither the admission policy nor the webhook that gates work: work that may wait starts at once',
    action: 'apply k8s/components/gate-webhook, or add the gate carbon-extender.io/wait to the pod templates',
  },
  TLS_RELOAD_FAILED: {
    message: 'could not load the renewed TLS files; the old certificate stays in use',
    action: 'check TLS_CERT_FILE, TLS_KEY_FILE and TLS_CLIENT_CA_FILE; they are tried again every 10 s',
  },
} as const;

/** Code of an error that only the extender reports. */
export type ExtenderErrorCode = keyof typeof EXTENDER_ERRORS;

/** Makes an error of the extender's catalogue. */
export const extenderError = errorFactory(EXTENDER_ERRORS);
