import type { GrantTerms, PartitionCall } from "../../../src/core/group/coordination.ts"
import type { Failure } from "../../../src/core/errors.ts"
import { err, ok, type Result } from "../../../src/core/result.ts"
import type { Barrier, GroupOffset, SeekTarget } from "../../../src/core/stream/group-commands.ts"

interface Row {
  readonly memberId: string | null
  readonly epoch: number
  readonly offset: number | null
  readonly limit: number | null
}

/** What a partition does for one group, by the rules of docs/spec/group.md, and no more. */
export class FakePartition {
  version: number
  startOffset = 0
  endOffset = 100
  barriers: Barrier[] = []
  row: Row | null = null
  /** Grants that were installed, in order. */
  readonly installed: { readonly memberId: string | null; readonly epoch: number }[] = []
  isOpen = false

  constructor(version: number) {
    this.version = version
  }

  call(call: PartitionCall): Result<GroupOffset | null, Failure> {
    if (call.kind === "forget") {
      if (this.row && this.row.epoch <= call.epoch) this.row = null
      return ok(null)
    }
    if (call.version !== this.version) return err({ code: "stale_metadata", version: this.version })
    switch (call.kind) {
      case "grant":
        return this.#grant(call.request)
      case "look":
        return ok(this.#view())
      case "open":
        this.isOpen = true
        return ok(null)
    }
  }

  /** Up to where its member may read and commit. */
  get readableTo(): number {
    return Math.min(this.row?.limit ?? this.endOffset, this.endOffset)
  }

  /** Its log ends here for whoever knows fewer partitions. */
  cut(partitions: number): void {
    this.barriers.push({ partitions, offset: this.endOffset })
    if (this.row?.memberId)
      this.row = { ...this.row, limit: Math.min(this.row.limit ?? this.endOffset, this.endOffset) }
  }

  /** Whether a commit by this owner counts. */
  commit(memberId: string, epoch: number, offset: number): boolean {
    const { row } = this
    if (row?.memberId !== memberId || row.epoch !== epoch) return false
    if (offset > this.readableTo) return false
    this.row = { ...row, offset }
    return true
  }

  #grant({ memberId, epoch, reset, seek, limit }: GrantTerms): Result<GroupOffset, Failure> {
    const { row } = this
    if (row && (epoch < row.epoch || (epoch === row.epoch && memberId !== row.memberId))) {
      return err({ code: "fenced", epoch: row.epoch })
    }
    if (row && epoch === row.epoch) {
      const isRaised = row.limit !== null && (limit === null || limit > row.limit)
      if (isRaised) this.row = { ...row, limit }
      return ok(this.#view())
    }
    const offset = seek ? this.#seek(seek) : (row?.offset ?? this.#reset(reset))
    if (offset === "refused") return err({ code: "offset_out_of_range", latestOffset: this.endOffset })
    this.row = { memberId, epoch, offset, limit }
    this.installed.push({ memberId, epoch })
    return ok(this.#view())
  }

  #seek(seek: SeekTarget): number | "refused" {
    if (seek.kind === "offset") return seek.offset <= this.endOffset ? seek.offset : "refused"
    if (seek.kind === "shift") return (this.row?.offset ?? 0) + seek.by
    return seek.kind === "latest" ? this.endOffset : this.startOffset
  }

  #reset(reset: GrantTerms["reset"]): number | null {
    if (reset === "none") return null
    return reset === "latest" ? this.endOffset : this.startOffset
  }

  #view(): GroupOffset {
    const { row, startOffset, endOffset, barriers } = this
    return {
      committedOffset: row?.offset ?? null,
      metadata: "",
      committedAt: 0,
      resetFrom: null,
      memberId: row?.memberId ?? null,
      epoch: row?.epoch ?? 0,
      limit: row?.limit ?? null,
      startOffset,
      endOffset,
      barriers: [...barriers],
    }
  }
}
