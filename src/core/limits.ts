/** Every limit of the broker, with the reason for its value. Nothing is bounded anywhere else. */

/** A message or record: Kafka's default and what SQS allows since 2025; keeps a row under the platform's 2 MB. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** An HTTP body: one full message in base64 (4/3), its headers, and the JSON around them. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024

/** What is read and thrown away of a body that was refused, so that its client comes to see the answer. */
export const MAX_DISCARDED_BODY_BYTES = 4 * MAX_BODY_BYTES

/** How long a refusal waits for the rest of a body: at a megabyte a second most of what is discarded at all. */
export const MAX_DISCARD_MS = 5_000

/** Entries in one batch of an HTTP request or socket frame; a commit's row holds as many. */
export const MAX_BATCH_ENTRIES = 1000

/** Records in one stored row; a page of delivery state covers about as many. */
export const MAX_ROW_RECORDS = 1000

/** Frames in one stored row: half of the 2 MB that the platform allows for a row. */
export const MAX_ROW_BYTES = 1024 * 1024

/** A tail row at or above this is sealed: extending rewrites the row, and 4 KiB is one SQLite page. */
export const TAIL_ROW_BYTES = 4 * 1024

/** Offsets covered by one page of delivery state; a queue's row never crosses a multiple of it. */
export const PAGE_OFFSETS = 1024

/** Pages a commit may rewrite; one that touches more writes a ring slot instead. */
export const MAX_PAGES_PER_COMMIT = 2

/** Slots of the transition ring: 64 commits of scattered acknowledgements share one fold. */
export const RING_SLOTS = 64

/** Pages kept expanded in memory (about 35 KB each); colder ones stay encoded. */
export const MAX_EXPANDED_PAGES = 192

/** Messages in flight at once on one queue, as on SQS. */
export const MAX_IN_FLIGHT = 120_000

/** How far ordered delivery looks for a free group before blocked groups block the queue. */
export const MAX_LOOK_AHEAD_OFFSETS = 1_000_000

/** Visibility timeout: as on SQS, 12 hours. */
export const MAX_VISIBILITY_TIMEOUT_MS = 12 * 60 * 60 * 1000

/** Delay of a release or retry: a week covers every backoff in use and keeps deadlines near. */
export const MAX_RETRY_DELAY_MS = 7 * 24 * 60 * 60 * 1000

/** `maxDeliveries`: as on SQS. */
export const MAX_DELIVERIES = 1000

/** Long poll of a receive, as on SQS. */
export const MAX_RECEIVE_WAIT_MS = 20_000

/** Headers on one message: Kafka has no limit; this keeps decoding linear and small. */
export const MAX_HEADERS = 100

/** A header's name. */
export const MAX_HEADER_NAME_BYTES = 256

/** A header's value; with MAX_HEADERS still far below a message. */
export const MAX_HEADER_VALUE_BYTES = 8 * 1024

/** A record key or message group id. */
export const MAX_KEY_BYTES = 1024

/** Partitions of one topic: creating one is a call per partition, done in steps. */
export const MAX_PARTITIONS = 256

/** Queues and topics listed in one page. */
export const MAX_LIST_PAGE = 1000

/** Bytes of records answered by one read unless it asks for less; also the most it may ask for. */
export const MAX_READ_BYTES = 4 * 1024 * 1024

/** Subscriptions on one client socket. */
export const MAX_SUBSCRIPTIONS = 256

/** Credit outstanding on one subscription, in messages. */
export const MAX_CREDIT_MESSAGES = 10_000

/** Credit outstanding on one subscription, in bytes; also what is pushed ahead of a slow reader. */
export const MAX_CREDIT_BYTES = 1024 * 1024

/** Leases of a socket that broke wait this long for it to resume. */
export const RESUME_GRACE_MS = 5_000

/** Commands waiting for one commit; beyond it the object answers `overloaded`. */
export const MAX_PENDING_COMMANDS = 10_000

/** Messages that leave in one commit: each copies its bytes into the outbox, so 64 of the largest are 64 MiB. */
export const MAX_DEPARTURES_PER_COMMIT = 64

/** Dead letters forwarded in one call: bounds the call's size to 32 MiB with the largest messages. */
export const MAX_FORWARD_BATCH = 16

/** Rows deleted by one commit behind a log start: bounded slices, so that no commit is slow. */
export const MAX_DELETIONS_PER_COMMIT = 200

/** Live stored bytes of one object: the platform ends at 10 GB, where DELETE fails too. */
export const MAX_STORED_BYTES = 8 * 1024 * 1024 * 1024

/** Names of queues, topics and namespaces. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** A receipt: its six numbers at their widest in base64url are 80 characters. */
export const MAX_RECEIPT_CHARACTERS = 128

/** Queues and topics listed in one page unless the request says otherwise. */
export const DEFAULT_LIST_PAGE = 100

/** How long a Worker goes by what it last heard of a name; objects refuse what is older than they are. */
export const METADATA_TTL_MS = 5_000

/** Names a Worker remembers: a few hundred bytes each. */
export const MAX_CACHED_NAMES = 10_000

/** Rows kept in memory for the receives that follow: a few of the largest. */
export const ROW_CACHE_BYTES = 4 * 1024 * 1024

/** Pages whose rows are known in memory (4 KB each). */
export const MAX_INDEXED_PAGES = 1024

/** Frames handed out by one receive or push: bounds the answer far below the 32 MiB of a call. */
export const MAX_RECEIVE_BYTES = 4 * 1024 * 1024

/** Subscriptions of one client at one object: they fit a socket's attachment of 16,384 bytes. */
export const MAX_SUBSCRIPTIONS_PER_OBJECT = 64

/** Objects that one client socket reaches at a time; beyond it an idle internal socket makes room. */
export const MAX_SOCKET_OBJECTS = 512

/** What a client socket has published or settled and not had answered: an isolate of 128 MB serves many sockets. */
export const MAX_UNANSWERED_BYTES = 16 * 1024 * 1024

/** What a frame counts as unanswered besides its own bytes: about what is remembered of it. */
export const UNANSWERED_FRAME_BYTES = 256

/** How long the end of a waiting receive's subscription is waited for, should its object not answer. */
export const MAX_RECEIVE_END_MS = 5_000

/** How often a waiting receive shows that it is there: a client that left is noticed within two of these. */
export const LONG_POLL_HEARTBEAT_MS = 1_000
