/** Errors of the store, its leases and its spool. Messages without braces are those of log lines. */
export const STORE_ERRORS = {
  LEASE_UNREACHABLE: {
    message: 'the lease cannot be renewed or acquired',
    action: 'check that PostgreSQL at TSDB_DSN is reachable; meanwhile this process keeps its role',
  },
  STORE_POLICIES_REFUSED: {
    message: 'the database refuses compression or retention policies',
    action: 'make the role of TSDB_DSN the owner of the tables; recording continues without the policies',
  },
  STORE_UNREACHABLE: {
    message: 'the store cannot be reached; writes are kept on disk',
    action: 'check that PostgreSQL at TSDB_DSN is up and accepts the user; what is kept is delivered when it is back',
  },
  SPOOL_FULL: {
    message: 'the spool is full; its oldest entries are dropped',
    action: 'bring the database back, or raise SPOOL_MAX_MB',
  },
  SPOOL_SET_ASIDE: {
    message: 'an entry of the spool cannot be delivered; it was set aside, and the rest is delivered',
    action: 'keep the file of DATA_DIR/spool and its table `set_aside` if the data matters, or delete them',
  },
  STORE_SET_ASIDE: {
    message: 'the embedded store is damaged; it was set aside and a new one was created',
    action: 'check the disk of DATA_DIR; keep the file named in the log until its data is restored or no longer needed',
  },
  STORE_UNUSABLE: {
    message: 'the embedded store cannot be used; nothing is recorded, everything else keeps working',
    action: 'let the process read and write DATA_DIR, or set DATA_DIR to another folder',
  },
  STORE_NOT_MIGRATED: {
    status: 503,
    exitCode: 3,
    message: 'the store in {folder} is of an older version and has not been migrated yet',
    action: 'start the poller of this version once, or let this process write there',
  },
  FOLDER_RECORDED_BY_ANOTHER: {
    message: 'another process records into DATA_DIR; this one is on standby',
    action: 'stop the process named in `holder`, or give this one its own DATA_DIR',
  },
  FOLDER_WATCHED_BY_ANOTHER: {
    message: 'another process watches the carbon budgets of DATA_DIR; this one is on standby',
    action: 'stop the process named in `holder`, or give this one its own DATA_DIR',
  },
  FOLDER_ALERTED_BY_ANOTHER: {
    message: 'another process sends the alerts of DATA_DIR to Slack; this one is on standby',
    action: 'stop the process named in `holder`, or give this one its own DATA_DIR',
  },
  FOLDER_NOT_LOCKED: {
    message: 'DATA_DIR cannot be locked, so nothing is recorded',
    action: 'let the process write there; a network file system without locks cannot be used',
  },
  SPOOL_NOT_DELETED: {
    message: 'delivered entries cannot be deleted from the spool; they are still delivered only once',
    action: 'free space on the volume of DATA_DIR',
  },
} as const;
