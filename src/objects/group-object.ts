import type { Failure } from "../core/errors.ts"
import type {
  GroupDescription,
  GroupSeekRequest,
  GroupSeekResult,
  HeartbeatRequest,
  JoinRequest,
  MemberView,
} from "../core/group/commands.ts"
import type { PartitionCall } from "../core/group/coordination.ts"
import { Coordinator } from "../core/group/coordinator.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings, groupWithDefaults } from "../core/group/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import { GroupStore } from "../store/group-store.ts"
import type { Identity } from "../store/identity-store.ts"
import { BrokerObject } from "./broker-object.ts"
import type { CatalogEntry, CatalogStep, GroupApi } from "./contract.ts"
import { GroupCalls } from "./group-calls.ts"
import { SeekUnderWay } from "./group-seek.ts"
import { applyToGroup, GroupWatchers } from "./group-watchers.ts"
import { SocketOutbox } from "./socket-outbox.ts"
import { closeSockets } from "./sockets.ts"
import { Waits } from "./waits.ts"

/** A join answers by then, with or without partitions. */
const JOIN_WAIT_MS = 1_000

/** A seek or an attachment answers by then; what is left goes on by itself. */
const CARRY_WAIT_MS = 5_000

type Command<T> = (group: Coordinator, now: number) => Result<T, Failure>

/** The coordinator of one group. */
export class GroupObject extends BrokerObject<Coordinator, GroupSettings> implements GroupApi {
  protected readonly resource = "group"
  protected readonly kind = "group"
  readonly #store = new GroupStore(this.database)
  readonly #outbox = new SocketOutbox()
  readonly #waits = new Waits()
  readonly #seeks = new Set<SeekUnderWay>()
  readonly #calls = new GroupCalls(this.env, () => {
    const { namespace, name: group } = this.path
    return { namespace, group, generation: this.incarnation, version: this.version, settings: this.#settings }
  })
  #settings = DEFAULT_GROUP_SETTINGS
  #watchers = new GroupWatchers()
  /** Answers of the catalog so far. */
  #lookups = 0
  /** Whether the group is being deleted: partitions that have forgotten it must not hear of it again. */
  #isEnding = false

  async join(version: number, request: JoinRequest): Promise<Result<MemberView, Failure>> {
    const joined = await this.#ask(version, (group, now) => group.join(request, now))
    if (!joined.ok || !isOnItsWay(joined.value)) return joined
    const look = (): Result<MemberView, Failure> => this.engine?.view(request.memberId) ?? err(this.notFound())
    await this.#waits.until(() => {
      const view = look()
      return !view.ok || !isOnItsWay(view.value)
    }, JOIN_WAIT_MS)
    return look()
  }

  async heartbeat(version: number, request: HeartbeatRequest): Promise<Result<MemberView, Failure>> {
    return this.#ask(version, (group, now) => group.heartbeat(request, now))
  }

  async member(version: number, memberId: string): Promise<Result<MemberView, Failure>> {
    return this.#ask(version, (group) => group.view(memberId))
  }

  async leave(version: number, memberId: string): Promise<Result<null, Failure>> {
    return this.#ask(version, (group, now) => group.leave(memberId, now))
  }

  async describe(version: number): Promise<Result<GroupDescription, Failure>> {
    return this.#ask(version, (group) => ok(group.describe()))
  }

  async standalone(version: number, topics: readonly string[]): Promise<Result<number, Failure>> {
    return this.#onceKnown(version, (group, now) => group.standalone(topics, now))
  }

  async attach(version: number, topic: string): Promise<Result<null, Failure>> {
    const attached = await this.#onceKnown(version, (group, now) => group.attach(topic, now))
    if (attached.ok) await this.#waits.until(() => this.engine?.isOpening(topic) !== true, CARRY_WAIT_MS)
    return attached
  }

  async seek(version: number, request: GroupSeekRequest): Promise<Result<readonly GroupSeekResult[], Failure>> {
    const failure = await this.checkVersion(version)
    if (failure) return err(failure)
    if (this.#settings.type === "share") return err({ code: "conflict", detail: "a share group has no offsets" })
    const info = await this.#calls.topic(request.topic)
    if (!info.ok) return info
    const previews = await this.#calls.preview(info.value, request)
    const partitions = previews.flatMap((preview) => ("reply" in preview ? [preview.partition] : []))
    const seek = new SeekUnderWay({ ...request, partitions })
    if (!request.dryRun && partitions.length > 0) {
      const sought = await this.#seek(version, seek)
      if (!sought.ok) return sought
    }
    return ok(previews.map((preview) => seek.resultOf(preview)))
  }

  /** Every partition forgets the group before the name can be free. */
  override async destroy(incarnation: number): Promise<Result<null, Failure>> {
    if (this.engine && this.incarnation <= incarnation) {
      // before anybody forgets it: whoever wakes here between two attempts must not begin it anew
      if (!this.#isEnding) this.#store.writeEnding()
      this.#isEnding = true
      // what is on its way would begin it anew
      await this.#calls.settled()
      for (const { topic } of this.#store.load().assignments) {
        const forgotten = await this.#calls.forget(topic, incarnation)
        if (!forgotten.ok) return forgotten
      }
    }
    return super.destroy(incarnation)
  }

  override webSocketClose(socket: WebSocket): void {
    this.#watchers.removeAll(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#watchers.removeAll(socket)
  }

  protected loadEngine(_identity: Identity, settings: GroupSettings): Coordinator {
    this.#settings = groupWithDefaults(settings)
    this.#isEnding = this.#store.isEnding()
    const group = new Coordinator({ settings: this.#settings, ...this.#store.load(), now: Date.now() })
    this.#watchers = new GroupWatchers()
    this.#watchers.restore(this.ctx.getWebSockets())
    this.#watchers.endWhere((memberId) => !group.view(memberId).ok, this.#outbox)
    return group
  }

  protected applySettings(group: Coordinator, settings: GroupSettings): void {
    this.#settings = groupWithDefaults(settings)
    group.applySettings(this.#settings)
  }

  protected async fetchSettings(): Promise<CatalogStep<GroupSettings> | null> {
    const { namespace, name } = this.path
    const entry: Result<CatalogEntry<GroupSettings>, Failure> = await this.env.CATALOG.getByName(namespace).getGroup(
      name,
    )
    return entry.ok ? entry.value : null
  }

  protected applyFrame(socket: WebSocket, group: Coordinator, frame: Framed<ToObject>): void {
    const isMember = (memberId: string): boolean => group.view(memberId).ok
    const context = { socket, watchers: this.#watchers, outbox: this.#outbox, incarnation: this.incarnation, isMember }
    applyToGroup(context, frame)
  }

  protected settleCommit(group: Coordinator, now: number): void {
    group.settle(now)
  }

  protected writeCommit(group: Coordinator): boolean {
    const changes = group.takeChanges()
    if (changes) this.#store.write(changes)
    return changes !== null
  }

  protected afterCommit(group: Coordinator, now: number): void {
    this.#watchers.tell(new Set(group.takeNews()), this.#outbox)
    const out = new Set(group.takeExpelled())
    if (out.size > 0) this.#watchers.endWhere((memberId) => out.has(memberId), this.#outbox)
    this.#watchers.save()
    this.#outbox.flush()
    if (!this.#isEnding) this.#reachOut(group, now)
    this.#waits.check()
  }

  /** Nothing happens by itself once the group is being deleted: whoever deletes it comes again. */
  protected nextDeadlineAt(group: Coordinator): number | null {
    return this.#isEnding ? null : group.nextDeadlineAt()
  }

  protected dispose(): void {
    closeSockets(this.ctx, this.notFound())
    this.#watchers = new GroupWatchers()
    this.#waits.check()
  }

  /** Runs a command for a caller that believes in `version`, unless the group is being deleted. */
  #ask<T>(version: number, command: Command<T>): Promise<Result<T, Failure>> {
    return this.request(version, (group, now) => {
      return this.#isEnding
        ? err({ code: "being_deleted", resource: "group", name: this.path.name })
        : command(group, now)
    })
  }

  /** Runs a command that may have to wait until a topic was looked up. */
  async #onceKnown<T>(version: number, command: Command<T>): Promise<Result<T, Failure>> {
    const giveUpAt = Date.now() + CARRY_WAIT_MS
    for (;;) {
      const lookups = this.#lookups
      const result = await this.#ask(version, command)
      const waitMs = giveUpAt - Date.now()
      if (result.ok || result.error.code !== "unavailable" || waitMs <= 0) return result
      await this.#waits.until(() => this.#lookups !== lookups || this.engine === null, waitMs)
    }
  }

  /** Waits for the grants of a seek. */
  async #seek(version: number, seek: SeekUnderWay): Promise<Result<null, Failure>> {
    this.#seeks.add(seek)
    try {
      const sought = await this.#onceKnown(version, (group, now) => group.seek(seek.request, now))
      if (sought.ok) await this.#waits.until(() => seek.isDone || this.engine === null, CARRY_WAIT_MS)
      return sought
    } finally {
      this.#seeks.delete(seek)
    }
  }

  /** Makes the calls that the commit asks for. Nothing waits for them: what comes of one is a command of a later commit. */
  #reachOut(group: Coordinator, now: number): void {
    for (const call of group.takeCalls(now)) this.ctx.waitUntil(this.#carry(group, call))
    const asked = group.lookups(now)
    if (asked) this.ctx.waitUntil(this.#lookUp(group, asked))
  }

  async #carry(group: Coordinator, call: PartitionCall): Promise<void> {
    const answer = await this.#calls.carry(call)
    await this.#tell(group, (at) => {
      group.answered(call, answer, at)
      for (const seek of this.#seeks) seek.answered(call, answer)
    })
  }

  async #lookUp(group: Coordinator, asked: Parameters<Coordinator["noteTopics"]>[0]): Promise<void> {
    const found = await this.#calls.lookUp(asked)
    await this.#tell(group, (now) => {
      group.noteTopics(asked, found, now)
      this.#lookups++
    })
  }

  /** Tells the coordinator something in a commit, unless it was replaced by then. It must hear it, or would wait for ever. */
  async #tell(group: Coordinator, something: (now: number) => void): Promise<void> {
    for (;;) {
      const told = await this.commit((current, now) => {
        if (current === group) something(now)
        return ok(null)
      })
      if (told.ok || told.error.code !== "overloaded") return
      const { retryAfterMs } = told.error
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs))
    }
  }
}

/** Whether a member that has just joined should wait for its first partitions. */
function isOnItsWay({ isWaiting, partitions }: MemberView): boolean {
  return isWaiting && partitions.length === 0
}
