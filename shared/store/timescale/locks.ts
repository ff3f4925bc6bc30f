/** First half of our advisory locks' keys, so that other programs in the same database are not met. */
const OURS = 0xca4b;

/** Advisory locks by purpose, as the two numbers that PostgreSQL takes. */
export const LOCKS = {
  migrations: [OURS, 1],
  samples: [OURS, 2],
  /** The second number is made of the name of the lease. */
  recording: [OURS + 1],
};
