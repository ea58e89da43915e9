/** What the broker takes of the runtime's Node API: all of Node's types would bring its globals along. */
declare module "node:crypto" {
  /** The digest of `data`, at once, and without the stream that `createHash` makes for each. */
  export function hash(algorithm: "sha256", data: Uint8Array, outputEncoding: "hex"): string
}
