/** Statuses that say "later": to wait and to try again can help. */
export const isTransientStatus = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500
