/** Bytes that are not what their codec wrote. The only error that decoders throw, whatever they are given. */
export class CorruptError extends Error {
  override readonly name = "CorruptError"
}
