/** Names and values, as text. */
export type Headers = Readonly<Record<string, string>>
