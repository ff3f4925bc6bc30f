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
} as const;
