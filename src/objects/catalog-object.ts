import { DurableObject } from "cloudflare:workers"
import type { Failure } from "../core/errors.ts"
import { checkGroupSettings } from "../core/group/check-settings.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../core/group/settings.ts"
import { MAX_LIST_PAGE } from "../core/limits.ts"
import { checkQueueSettings } from "../core/queue/check-settings.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueuePatch, type QueueSettings, withPatch } from "../core/queue/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import { checkTopicSettings, DEFAULT_TOPIC_SETTINGS, type TopicSettings, withGrowth } from "../core/stream/settings.ts"
import { CatalogStore, type EntryKind, type StoredEntry } from "../store/catalog-store.ts"
import { DurableDatabase } from "../store/durable-database.ts"
import { CatalogSteps } from "./catalog-steps.ts"
import type { CatalogApi, CatalogEntry, ListRequest, Page, ProducerIdentity, PutReply } from "./contract.ts"
import type { ObjectEnv } from "./env.ts"

/** A step that is not done by then is taken up again. */
const RESUME_AFTER_MS = 3_000

const DEFAULTS: Readonly<Record<EntryKind, object>> = {
  queue: DEFAULT_QUEUE_SETTINGS,
  topic: DEFAULT_TOPIC_SETTINGS,
  group: DEFAULT_GROUP_SETTINGS,
}

/** What is different between the kinds of names. */
interface Kind<Settings, Patch = Partial<Settings>> {
  readonly kind: EntryKind
  readonly defaults: Settings
  readonly merge: (settings: Settings, patch: Patch) => Settings
  /** Why `name` can't have these settings, or null. */
  readonly check: (name: string, wanted: Settings, current: Settings | null) => Failure | null
  /** What is wanted, with what the catalog alone may set. */
  readonly complete: (wanted: Settings, current: Settings | null) => Settings
}

/** The names of one namespace and their settings. Not on the data path: Workers remember what it answers. */
export class CatalogObject extends DurableObject<ObjectEnv> implements CatalogApi {
  readonly #store: CatalogStore
  readonly #steps: CatalogSteps
  /** The change under way per name: the next waits for it. */
  readonly #changing = new Map<string, Promise<unknown>>()
  readonly #queues: Kind<QueueSettings, QueuePatch>
  readonly #topics: Kind<TopicSettings>
  readonly #groups: Kind<GroupSettings>

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env)
    const database = new DurableDatabase(ctx.storage)
    this.#store = new CatalogStore(database)
    this.#steps = new CatalogSteps(this.#store, env, () => ctx.id.name ?? "")
    const queue = (name: string): QueueSettings | null => this.#settingsOf("queue", name)
    const topic = (name: string): TopicSettings | null => this.#settingsOf("topic", name)
    this.#queues = {
      kind: "queue",
      defaults: DEFAULT_QUEUE_SETTINGS,
      merge: withPatch,
      check: (name, wanted, current) => checkQueueSettings(name, wanted, current, queue),
      complete: (wanted) => wanted,
    }
    this.#topics = {
      kind: "topic",
      defaults: DEFAULT_TOPIC_SETTINGS,
      merge: replaceFields,
      check: checkTopicSettings,
      complete: withGrowth,
    }
    this.#groups = {
      kind: "group",
      defaults: DEFAULT_GROUP_SETTINGS,
      merge: replaceFields,
      check: (name, wanted, current) => checkGroupSettings(name, wanted, current, { queue, topic }),
      complete: (wanted) => wanted,
    }
  }

  async putQueue(
    name: string,
    patch: QueuePatch,
    expectedVersion: number | null = null,
  ): Promise<Result<PutReply<QueueSettings>, Failure>> {
    return this.#put(this.#queues, name, patch, expectedVersion)
  }

  async getQueue(name: string): Promise<Result<CatalogEntry<QueueSettings>, Failure>> {
    return this.#get("queue", name)
  }

  async listQueues(request: ListRequest): Promise<Page<CatalogEntry<QueueSettings>>> {
    return this.#list("queue", request)
  }

  async deleteQueue(name: string): Promise<Result<null, Failure>> {
    return this.#delete("queue", name)
  }

  async queueDeletedAt(name: string): Promise<number | null> {
    return this.#store.queueDeletedAt(name, Date.now())
  }

  async putTopic(name: string, patch: Partial<TopicSettings>): Promise<Result<PutReply<TopicSettings>, Failure>> {
    return this.#put(this.#topics, name, patch)
  }

  async getTopic(name: string): Promise<Result<CatalogEntry<TopicSettings>, Failure>> {
    return this.#get("topic", name)
  }

  async listTopics(request: ListRequest): Promise<Page<CatalogEntry<TopicSettings>>> {
    return this.#list("topic", request)
  }

  async deleteTopic(name: string): Promise<Result<null, Failure>> {
    return this.#delete("topic", name)
  }

  async putGroup(name: string, patch: Partial<GroupSettings>): Promise<Result<PutReply<GroupSettings>, Failure>> {
    return this.#put(this.#groups, name, patch)
  }

  async getGroup(name: string): Promise<Result<CatalogEntry<GroupSettings>, Failure>> {
    return this.#get("group", name)
  }

  async listGroups(request: ListRequest): Promise<Page<CatalogEntry<GroupSettings>>> {
    return this.#list("group", request)
  }

  async deleteGroup(name: string): Promise<Result<null, Failure>> {
    return this.#delete("group", name)
  }

  async openProducer(name: string | null): Promise<Result<ProducerIdentity, Failure>> {
    if (name === null) return ok({ producerId: this.#store.nextNumber(), epoch: 0 })
    return ok(this.ctx.storage.transactionSync(() => this.#store.openProducer(name, Date.now())))
  }

  /** Takes up what a crash left half done. Not awaited here: a slow object would make the next alarm late. */
  override async alarm(): Promise<void> {
    const unfinished = this.#store.unfinished()
    if (unfinished.length === 0) return
    await this.#resumeLater()
    for (const { kind, name } of unfinished)
      this.ctx.waitUntil(this.#exclusively(kind, name, () => this.#settled(kind, name)))
  }

  #put<Settings extends object, Patch>(
    kind: Kind<Settings, Patch>,
    name: string,
    patch: Patch,
    expectedVersion: number | null = null,
  ): Promise<Result<PutReply<Settings>, Failure>> {
    return this.#exclusively(kind.kind, name, async () => {
      const settled = await this.#settled(kind.kind, name)
      if (!settled.ok) return settled
      const current = settled.value ? settingsOf<Settings>(settled.value) : null
      const version = settled.value?.version ?? 0
      if (expectedVersion !== null && version !== expectedVersion) return err({ code: "stale_metadata", version })
      const wanted = kind.complete(kind.merge(current ?? kind.defaults, patch), current)
      const refused = kind.check(name, wanted, current)
      if (refused) return err(refused)
      const settings = JSON.stringify(wanted)
      if (settled.value?.settings === settings) return ok({ created: false, entry: fromStored(settled.value) })
      await this.#resumeLater()
      if (settled.value) {
        const grown = await this.#steps.grow(settled.value, settings)
        if (!grown.ok) return grown
        // that may have taken longer than the alarm, which found nothing to take up
        await this.#resumeLater()
        if (this.#steps.needsBarrier(settled.value, settings)) this.#grow(settled.value, settings)
        else this.#alter(settled.value, settings)
      } else this.#create(kind.kind, name, settings)
      const done = await this.#settled(kind.kind, name)
      if (!done.ok) return done
      return ok({ created: settled.value === null, entry: fromStored(done.value!) })
    })
  }

  #create(kind: EntryKind, name: string, settings: string): void {
    this.ctx.storage.transactionSync(() => {
      const number = this.#store.nextNumber()
      const now = Date.now()
      const numbers = { incarnation: number, version: number, createdAt: now, updatedAt: now }
      this.#store.insert({ kind, name, step: "creating", settings, pending: null, ...numbers })
    })
  }

  #alter({ kind, name }: StoredEntry, settings: string): void {
    this.ctx.storage.transactionSync(() => {
      const version = this.#store.nextNumber()
      this.#store.update(kind, name, { step: "altering", version, settings, pending: null, updatedAt: Date.now() })
    })
  }

  /** The entry stays as it is, until every partition has sealed its log for what is pending. */
  #grow({ kind, name, version, settings, updatedAt }: StoredEntry, pending: string): void {
    this.#store.update(kind, name, { step: "growing", version, settings, pending, updatedAt })
  }

  async #get<Settings>(kind: EntryKind, name: string): Promise<Result<CatalogEntry<Settings>, Failure>> {
    const entry = this.#store.find(kind, name)
    // a name resolves only when all its objects exist
    const resolves = entry?.step === "ready" || entry?.step === "altering" || entry?.step === "growing"
    return resolves ? ok(fromStored(entry)) : err({ code: "not_found", resource: kind, name })
  }

  #list<Settings>(kind: EntryKind, request: ListRequest): Page<CatalogEntry<Settings>> {
    const limit = Math.min(request.limit, MAX_LIST_PAGE)
    const { prefix, cursor, deadLetterQueue } = request
    const found =
      kind === "queue" && deadLetterQueue !== undefined
        ? this.#store.listSources(deadLetterQueue, prefix, limit + 1, cursor)
        : this.#store.list(kind, prefix, limit + 1, cursor)
    const items = found.slice(0, limit).map((entry) => fromStored<Settings>(entry))
    return { items, cursor: found.length > limit ? (items.at(-1)?.name ?? null) : null }
  }

  #delete(kind: EntryKind, name: string): Promise<Result<null, Failure>> {
    return this.#exclusively(kind, name, async () => {
      const settled = await this.#settled(kind, name)
      // a step that damage holds up for ever is not waited for
      if (!settled.ok && settled.error.code !== "corrupt_storage") return settled
      if (settled.ok && !settled.value) return err({ code: "not_found", resource: kind, name })
      await this.#resumeLater()
      this.#store.setStep(kind, name, "deleting")
      const done = await this.#settled(kind, name)
      return done.ok ? ok(null) : done
    })
  }

  /** The settings of a name that is there to stay, or null. */
  #settingsOf<Settings>(kind: EntryKind, name: string): Settings | null {
    const entry = this.#store.find(kind, name)
    return entry && entry.step !== "deleting" ? settingsOf<Settings>(entry) : null
  }

  /** The entry of a name after finishing the step that is under way, null for none. */
  async #settled(kind: EntryKind, name: string): Promise<Result<StoredEntry | null, Failure>> {
    const entry = this.#store.find(kind, name)
    if (!entry || entry.step === "ready") return ok(entry)
    const done = await this.#steps.finish(entry)
    return done.ok ? ok(this.#store.find(kind, name)) : done
  }

  /** Runs changes of one name one after the other. */
  async #exclusively<T>(kind: EntryKind, name: string, change: () => Promise<T>): Promise<T> {
    const key = `${kind}/${name}`
    const previous = this.#changing.get(key) ?? Promise.resolve()
    const current = previous.then(change, change)
    this.#changing.set(key, current)
    try {
      return await current
    } finally {
      if (this.#changing.get(key) === current) this.#changing.delete(key)
    }
  }

  /** Armed before a step begins, so that a crash in it does not leave it there. */
  async #resumeLater(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + RESUME_AFTER_MS)
  }
}

function replaceFields<Settings extends object>(settings: Settings, patch: Partial<Settings>): Settings {
  return { ...settings, ...patch }
}

function fromStored<Settings>(entry: StoredEntry): CatalogEntry<Settings> {
  const { name, incarnation, version, createdAt, updatedAt } = entry
  return { name, incarnation, version, settings: settingsOf<Settings>(entry), createdAt, updatedAt }
}

/** Settings as they were stored, maybe before some of them existed. */
function settingsOf<Settings>({ kind, settings }: StoredEntry): Settings {
  return { ...DEFAULTS[kind], ...(JSON.parse(settings) as Settings) }
}
