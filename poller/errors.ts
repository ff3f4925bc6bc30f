/** Errors that only the poller reports. */
export const POLLER_ERRORS = {
  GRID_REQUEST_FAILED: {
    message: 'the request to {provider} for zone {zone} failed: {reason}',
    action:
      'by reason: auth: check the key; rate-limited: lower the request rate of the provider or poll less often; not-covered: choose another provider or zone; otherwise wait: the next poll cycle tries again',
  },
  GRID_ACCESS_UNKNOWN: {
    message: 'could not read which zones the key of {provider} covers',
    action: 'check the key; until then every zone is tried',
  },
  GRID_VALUE_DROPPED: {
    message: 'a value of {provider} for zone {zone} was dropped: {reason}: {detail}',
    action: 'nothing to do if it stays rare; if the value is correct, raise MAX_INTENSITY',
  },
  GRID_CODE_UNKNOWN: {
    message: '{provider} reports electricity from an unknown source: {detail}; it is counted as other',
    action: 'open an issue, so that the source gets an emission factor',
  },
  GRID_API_DEPRECATED: {
    message: '{provider} has deprecated the API that is used: {detail}',
    action: 'look for a newer release, or choose another provider in GRID_PROVIDERS',
  },
  CACHE_NOT_WRITTEN: {
    message: 'no zone has a value, so the cache file was not written and the old one will expire',
    action: 'check the grid providers, their keys and the connection to the internet',
  },
  CACHE_INCOMPLETE: {
    message: 'the cache file was written without the zones {missing}, which have no value',
    action: 'look for GRID_REQUEST_FAILED of these zones',
  },
  GRID_HISTORY_NOT_WRITTEN: {
    message: 'could not write the intensity history to the store; it is kept in memory for the next poll cycle',
    action: 'check the database or the disk of DATA_DIR',
  },
  GRID_HISTORY_DROPPED: {
    message: 'the store could not be written for so long that the oldest row of the intensity history was dropped',
    action: 'check the database or the disk of DATA_DIR',
  },
  GRID_HISTORY_UNREADABLE: {
    message: 'could not read the intensity history of zone {zone}',
    action: 'check the database or the disk of DATA_DIR',
  },
  GRID_FORECAST_FAILED: {
    message: 'could not make a forecast of zone {zone} from its history; the next poll cycle tries again',
  },
  NO_PROVIDER_RESPONDED: {
    exitCode: 2,
    message: 'no grid provider returned a value in {attempts} attempts',
    action: 'look for GRID_REQUEST_FAILED, which has the reasons',
  },
  READING_BATCH_NOT_STORED: {
    message: 'meter readings could not be written to the store; they stay in the stream and are tried again',
    action: 'check the database or the disk of DATA_DIR',
  },
  READINGS_NOT_PROCESSED: {
    message: 'meter readings cannot be read from Redis',
    action:
      'by reason: away: check REDIS_URL or REDIS_HOST; no-access: check user and password; full: raise maxmemory; wrong-type: rename the key of that name',
  },
  READING_DEAD_LETTERED: {
    message: 'a meter reading failed too often and was moved to the dead letters',
    action: '"carbon readings dead" lists it; once the cause is fixed, "carbon readings redrive" puts it back',
  },
  HISTORY_TRIMMED: {
    message: 'the store had reached HISTORY_MAX_MB and its oldest hours were removed',
    action: 'raise HISTORY_MAX_MB, or lower RETENTION_DAYS so that this is expected',
  },
  STORE_UNAVAILABLE: {
    exitCode: 3,
    message: 'the store could not be opened; the cache file is still written',
    action: 'check TSDB_DSN and the database, or the folder DATA_DIR',
  },
  ALERT_NOT_SENT: {
    message: 'could not send an alert to Slack: {reason}; it is kept and sent again',
    action: 'check the connection to Slack',
  },
  ALERT_REFUSED: {
    message: 'Slack refused an alert and it was dropped: {reason}',
    action: 'check SLACK_WEBHOOK_URL',
  },
  ALERT_STATE_UNAVAILABLE: {
    message: 'could not read or write the state of alerts; a restart may repeat some',
    action: 'check the database or the disk of DATA_DIR',
  },
  BUDGET_THRESHOLD_REACHED: {
    message: 'the carbon budget of {kind} {name} has reached {threshold} of its grams',
    action: 'see GET /api/budgets',
  },
  ZONE_NOT_VERIFIED: {
    message: 'could not check whether a provider knows the zone {zone} of ZONES; it is polled anyway',
    action: 'check the spelling and the connection to the provider',
  },
  CACHE_TTL_TOO_SHORT: {
    message: 'the cache expires before the next poll cycle: CACHE_TTL_MINUTES is not above POLL_INTERVAL_MINUTES',
    action: 'raise CACHE_TTL_MINUTES or lower POLL_INTERVAL_MINUTES',
  },
  RATE_LIMIT_TOO_LOW: {
    message:
      'ELECTRICITY_MAPS_REQUESTS_PER_HOUR is too low for every zone in every poll cycle: {needed} requests an hour are needed',
    action: 'raise it if the plan allows, or raise POLL_INTERVAL_MINUTES',
  },
  EXPORTER_SCRAPE_FAILED: {
    message: 'exporter {target} returned no power samples ({reason}: {detail})',
    action:
      'check that EXPORTER_URL is the metrics endpoint of Kepler and that the poller can reach it; no energy is lost while the gap is shorter than five scrape intervals',
  },
  KUBELET_SCRAPE_FAILED: {
    message: 'the kubelet of node {target} returned no usage ({reason}: {detail})',
    action:
      'by reason: http-status: allow get on nodes/metrics; certificate: set KUBELET_CA_FILE, or KUBELET_INSECURE_TLS=true where the network is trusted; stale: check the clocks; otherwise check that the poller can reach port 10250 of the node',
  },
  DCGM_SCRAPE_FAILED: {
    message: 'DCGM exporter {target} returned no GPU energy ({reason}: {detail})',
    action:
      'check that DCGM_URLS is the metrics endpoint of the exporter and that its metrics file has DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION; no energy is lost while the gap is shorter than five scrape intervals',
  },
  METERS_NOT_COMPARED: {
    message: 'could not compare nodes with their meters; the minutes are compared later',
    action: 'check the database or the disk of DATA_DIR',
  },
  METRICS_MALFORMED: {
    message: '{lines} lines of exporter {target} are not valid samples and were skipped',
    action: 'look for values that are not numbers; a newer release of the exporter may help',
  },
  POWER_IMPLAUSIBLE: {
    message: 'energy counters of node {node} rose by more than is possible, and the increase was dropped',
    action:
      'if such power is real, raise MAX_CONTAINER_WATTS or MAX_NODE_WATTS; otherwise check the counters of the exporter',
  },
  NODE_ABOVE_METER: {
    message: 'within an hour more energy was recorded for node {node} than its outlet meter counted ({ratio} of it)',
    action: 'check METER_NODES: the meter may be on another node, or on one of two power supplies',
  },
  NODE_MACHINES_NOT_STORED: {
    message: 'could not store the machine types of the nodes; the next scrape tries again',
    action: 'check the database or the disk of DATA_DIR',
  },
  PROMETHEUS_READ_FAILED: {
    message: 'Prometheus returned no power samples ({reason}: {detail})',
    action:
      'check PROMETHEUS_URL, PROMETHEUS_BEARER_FILE, PROMETHEUS_CA_FILE and PROMETHEUS_TENANT; nothing is lost while Prometheus keeps its samples',
  },
  KUBELET_NOT_VERIFIED: {
    message: 'certificates of kubelets are not verified, because KUBELET_INSECURE_TLS is set',
    action: 'set KUBELET_CA_FILE instead, or let the cluster sign the kubelets’ serving certificates',
  },
  NODE_WITHOUT_ZONE: {
    message:
      'the exporter does not name its node, and no setting gives the zone of its host {node}: its energy has no emissions',
    action: 'set DEFAULT_ZONE, or ZONE_MAP={node}=DE, for poller and extender',
  },
  NODE_TYPE_UNKNOWN: {
    message: 'the power of node {node} cannot be modelled: neither its machine type nor its number of CPUs is known',
    action: 'set NODE_TYPES, for example {node}=8x32 for 8 CPUs and 32 GB',
  },
  NODES_UNAVAILABLE: {
    message: 'the nodes of the cluster could not be listed',
    action: 'allow the poller to list nodes; the last known nodes are used meanwhile',
  },
  NODE_NOT_CLOSED: {
    message: 'the energy recorded for node {node} in the hour of {hour} is {ratio} of the increase of its own counters',
    action:
      'look for implausible counters of the node (carbon_poller_energy_counter_events_total) and for limits that are too low (MAX_CONTAINER_WATTS, MAX_NODE_WATTS)',
  },
  EXPORTER_FROZEN: {
    message: 'no energy counter of node {node} has moved for ten scrapes of {target}',
    action: 'restart Kepler on that node; its samples are left out until a counter moves',
  },
  EXPORTER_NODES_ALTERNATE: {
    message: 'exporter address {target} serves several nodes in turn',
    action: 'give Kepler a headless service, or set EXPORTER_DISCOVERY=endpoint-slices, so that every node is scraped',
  },
  EXPORTER_NOT_RESOLVED: {
    message: 'exporter host {host} could not be resolved',
    action: 'check EXPORTER_URL and the DNS of the poller; the last known addresses are used meanwhile',
  },
  EXPORTER_ENDPOINTS_UNAVAILABLE: {
    message: 'the EndpointSlices of the exporters could not be listed',
    action:
      'allow the poller to list endpointslices in the namespace of Kepler; the last known endpoints are used meanwhile',
  },
  NODE_POWER_NOT_WRITTEN: {
    message: 'the measured power of nodes could not be written to {file}',
    action: 'check that the folder exists and is writable; scores use the last file until it expires',
  },
  POWER_NOT_STORED: {
    message: 'power samples of {target} could not be stored',
    action: 'check the database; the next scrape includes the energy of this one',
  },
} as const;
