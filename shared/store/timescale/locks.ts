/** First half of our advisory locks' keys, so that other programs in the same database are not met. */
const OURS = 0xca4b;

/** Advisory locks by purpose, as the two numbers that PostgreSQL takes; each is held for one transaction. */
export const LOCKS = {
  migrations: [OURS, 1],
  samples: [OURS, 2],
};
