/** Whether a name can be in the database: PostgreSQL's texts hold no NUL, and it refuses a query with one. */
export function canBeStored(name: string | null | undefined): boolean {
  return !name?.includes('\0');
}
