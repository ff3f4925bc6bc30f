/** Errors of the store, its leases and its spool. Messages without braces are those of log lines. */
export const STORE_ERRORS = {
  LEASE_UNREACHABLE: {
    message: 'the lease cannot be renewed or acquired',
    action: 'see whether PostgreSQL at TSDB_DSN is reachable; meanwhile this process keeps its role',
  },
  STORE_POLICIES_REFUSED: {
    message: 'the database refuses compression or retention policies',
    action: 'give the role of TSDB_DSN the ownership of the tables; recording goes on without the policies',
  },
  STORE_UNREACHABLE: {
    message: 'the store cannot be reached; writes are kept on disk',
    action: 'see whether PostgreSQL at TSDB_DSN is up and takes our user; what is kept is delivered when it is back',
  },
  SPOOL_FULL: {
    message: 'the spool is full; its oldest entries are dropped',
    action: 'bring the database back, or raise SPOOL_MAX_MB',
  },
  SPOOL_SET_ASIDE: {
    message: 'something in the spool cannot be delivered; it is set aside and the rest goes on',
    action: 'keep the file of DATA_DIR/spool and its table `set_aside` if the data matters, or delete them',
  },
  SPOOL_NOT_DELETED: {
    message: 'delivered entries cannot be deleted from the spool; they are delivered once all the same',
    action: 'free space on the volume of DATA_DIR',
  },
} as const;
