import { PartitionReader, type PartitionReaderParts } from "./partition-reader.ts"

/** A partition that a member works on, until it is given up or lost. */
export class OwnedPartition extends PartitionReader {
  readonly epoch: number
  /** Aborted when it is somebody else's. */
  readonly lost = new AbortController()
  /** It is to be given up: nothing more is taken. */
  isRevoked = false
  isOver = false
  /** All before it is processed; null where nothing was. */
  doneOffset: number | null = null
  /** Likewise, and committed. */
  committedOffset: number

  constructor(parts: PartitionReaderParts, epoch: number, offset: number) {
    super(parts)
    this.epoch = epoch
    this.committedOffset = offset
  }

  override get isReady(): boolean {
    return super.isReady && !this.isRevoked
  }
}
