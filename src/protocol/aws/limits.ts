/** Limits of AWS, in its units. */

/** How far the clock of who signs may be off, as on AWS: clients that find theirs to be wrong sign anew. */
export const MAX_SKEW_MINUTES = 15

/** How long a presigned URL may be good, as on AWS. */
export const MAX_EXPIRES_S = 7 * 24 * 60 * 60
