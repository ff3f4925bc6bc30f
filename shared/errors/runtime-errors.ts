/** Errors of the surroundings of a program: the operating system, ports, files, Redis. */
export const RUNTIME_ERRORS = {
  PORT_TAKEN: {
    exitCode: 1,
    message: 'port {port} on {address} is taken by another program',
    action: 'stop that one, or set {setting} to a free port',
  },
  PORT_FORBIDDEN: {
    exitCode: 1,
    message: 'port {port} on {address} may not be opened by this user',
    action: 'set {setting} to one above 1023',
  },
  ADDRESS_UNKNOWN: {
    exitCode: 1,
    message: '"{address}" is not an address of this machine',
    action: 'set {setting} to one of its own, or to 0.0.0.0 or :: for all',
  },
  FILE_UNUSABLE: {
    exitCode: 1,
    message: '{setting}: {detail}',
    action: 'let {user} read and write there, or set {setting} to another path',
  },
  FOLDER_NEEDED: {
    exitCode: 1,
    message: '{setting}: a file is in the place of a folder ({detail})',
    action: 'set {setting} to another path',
  },
  DATABASE_FILE_FORBIDDEN: {
    exitCode: 1,
    message: 'the database in DATA_DIR ({folder}) cannot be opened: {detail}',
    action: 'let {user} write there, or set DATA_DIR to another folder',
  },
  DATABASE_FILE_UNUSABLE: {
    exitCode: 1,
    message: 'the database in DATA_DIR ({folder}) cannot be used: {detail}',
    action: 'check the disk, or set DATA_DIR to another folder',
  },
  REDIS_UNAVAILABLE: {
    message: 'Redis is not available',
    action:
      'by reason: away: check REDIS_URL or REDIS_HOST and the network; no-access: check user and password; full: raise maxmemory; wrong-type: rename the key of that name',
  },
  REDIS_MAY_EVICT: {
    message: 'Redis may evict accepted readings when it is full',
    action: 'set maxmemory-policy noeviction',
  },
  TASK_FAILED: {
    message: 'a periodic task failed; it is run again',
    action: 'see `loop` for its name and `err` for the reason',
  },
  CERTIFICATE_EXPIRES: {
    message: 'a TLS certificate expires within seven days',
    action: 'renew the certificate named in `certificate`; new files are picked up without a restart',
  },
  CERTIFICATE_EXPIRED: {
    message: 'a TLS certificate has expired',
    action:
      'renew the certificate named in `certificate`; until then its connections are refused, and if it is the server’s, kube-scheduler schedules without carbon data',
  },
} as const;
