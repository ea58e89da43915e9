/** Every limit of the broker, with the reason for its value. Nothing is bounded anywhere else. */

/** A message or record: Kafka's default and what SQS allows since 2025; keeps a row under the platform's 2 MB. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** An HTTP body: one full message in base64 (4/3), its headers, and the JSON around them. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024

/** A body for a door of AWS: a full message each of whose bytes JSON wrote as `\u001f`, and what stands around it. */
export const MAX_AWS_BODY_BYTES = 7 * 1024 * 1024

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

/** Slots of the transition ring: so many commits of scattered acknowledgements share one fold, of up to 1,000 pages. */
export const RING_SLOTS = 512

/** Bytes in the ring beyond which it is folded: some ten milliseconds to replay them on load. */
export const MAX_RING_BYTES = 4 * 1024 * 1024

/** Pages with something delivered kept expanded in memory (about 35 KB each); colder ones stay encoded. */
export const MAX_EXPANDED_PAGES = 192

/** Pages without that kept expanded (about 10 KB each): as many as ordered delivery looks ahead. */
export const MAX_LIGHT_PAGES = 1024

/** Messages in flight at once on one queue, as on SQS. */
export const MAX_IN_FLIGHT = 120_000

/** How far ordered delivery looks for a free group before blocked groups block the queue. */
export const MAX_LOOK_AHEAD_OFFSETS = 1_000_000

/** Pages that one acquire of fair delivery looks ahead for a quiet tenant: some ten milliseconds of work. */
export const MAX_FAIR_LOOK_AHEAD_PAGES = 8

/** A tenant is noisy with more than this share of what is in flight, or of the recent processing time. */
export const NOISY_SHARE = 0.1

/** Fewer messages in flight make no tenant noisy: on a small queue a tenth is a handful. */
export const NOISY_MIN_IN_FLIGHT = 30

/** Less recent processing time makes no tenant noisy: of an idle queue every trace is the largest share. */
export const NOISY_MIN_RECENT_MS = 1

/** Time constant with which processing time is forgotten: a minute outlasts most bursts. */
export const FAIR_MEMORY_MS = 60_000

/** A tenant that sent nothing for this long is not noisy, whatever is left of its backlog. */
export const NOISY_FORGET_MS = 5 * 60 * 1000

/** Tenants without a message that are remembered for their processing time (about 150 bytes each). */
export const MAX_IDLE_TENANTS = 10_000

/** Visibility timeout: as on SQS, 12 hours. */
export const MAX_VISIBILITY_TIMEOUT_MS = 12 * 60 * 60 * 1000

/** Delay of a release or retry: a week covers every backoff in use and keeps deadlines near. */
export const MAX_RETRY_DELAY_MS = 7 * 24 * 60 * 60 * 1000

/** `maxDeliveries`: as on SQS. */
export const MAX_DELIVERIES = 1000

/** `maxAttempts`: far beyond any retry, and still an end for a message that nobody is to blame for. */
export const MAX_ATTEMPTS = 100_000

/** `retentionMs`, from as short as on SQS to a year. */
export const MIN_RETENTION_MS = 60 * 1000
export const MAX_RETENTION_MS = 365 * 24 * 60 * 60 * 1000

/** `delayMs` of a queue: as long as a retry may wait. */
export const MAX_QUEUE_DELAY_MS = 7 * 24 * 60 * 60 * 1000

/** `ttlMs` and `delayMs` of a message: a century is any time, and keeps instants exact. */
export const MAX_AHEAD_MS = 100 * 365 * 24 * 60 * 60 * 1000

/** `deliverAt`: 1 January 2200, a fixed instant, so that no clock decides whether a request is valid. */
export const MAX_DELIVER_AT = 7_258_118_400_000

/** `dedupWindowMs`: a week of ids is as many as fit in memory on a busy queue. */
export const MAX_DEDUP_WINDOW_MS = 7 * 24 * 60 * 60 * 1000

/** A deduplication id, as on SQS. */
export const MAX_DEDUP_ID_BYTES = 128

/** Live deduplication ids of one queue: their hashes take about 40 MB of the 128 MB of an isolate. */
export const MAX_DEDUP_IDS = 2_000_000

/** Ids whose hashes share a table: big enough that few tables are searched, small enough to grow within a commit. */
export const MAX_DEDUP_GENERATION_IDS = 196_608

/** Deduplication rows that have expired and are deleted in one commit: a bounded slice, so that no commit is slow. */
export const MAX_DEDUP_DELETIONS = 200

/** An `Idempotency-Key`: with the entry's number behind it still a deduplication id. */
export const MAX_IDEMPOTENCY_KEY_BYTES = MAX_DEDUP_ID_BYTES - 4

/** A receive's attempt id, as on SQS. */
export const MAX_ATTEMPT_ID_CHARACTERS = 128

/** How long a receive can be repeated under its attempt id, as on SQS. */
export const RECEIVE_ATTEMPT_MS = 5 * 60 * 1000

/** What is remembered of receives with an attempt id; beyond it the oldest are forgotten. All of it is in memory. */
export const MAX_RECEIVE_ATTEMPT_BYTES = 4 * 1024 * 1024

/** Annotations of a queue: the 50 tags and the attributes of an SQS queue, and some of its owner's. */
export const MAX_ANNOTATIONS = 128
/** In one change: as many as there may be go, and as many come. */
export const MAX_PATCHED_ANNOTATIONS = 2 * MAX_ANNOTATIONS
export const MAX_ANNOTATION_NAME_CHARACTERS = 256
/** In all: Workers remember the settings of the queues they serve, and most have next to none. */
export const MAX_ANNOTATIONS_CHARACTERS = 32 * 1024

/** How long it is known that a queue was deleted, and how often one may be purged, as on SQS. */
export const QUEUE_DELETED_MS = 60_000

/** `maxMessages` of a queue: what its 8 GB would hold of the smallest messages. */
export const MAX_QUEUE_MESSAGES = 1_000_000_000

/** Scheduled messages that become due in one commit. */
export const MAX_DUE_PER_COMMIT = 1000

/** Messages that expire in one commit where they are dropped: some ten milliseconds of work. */
export const MAX_EXPIRED_PER_COMMIT = 10_000

/** How long expired messages may lie before they are swept out; they are not delivered meanwhile. */
export const EXPIRY_SWEEP_MS = 10_000

/** Messages that one call of a purge looks at. */
export const MAX_PURGE_SLICE = 10_000

/** Messages that one call of a browse looks at, whether they match or not. */
export const MAX_BROWSE_SCAN = 10_000

/** Messages that browses, purges and searches of one commit look at together: as many as one of them may alone. */
export const MAX_SCAN_PER_COMMIT = 10_000

/** Payloads that a redrive, or all other calls of an operator, read in one commit: some hundred milliseconds where all must be decoded. */
export const MAX_SCAN_BYTES = 16 * 1024 * 1024

/** What a page of delivery state counts as among messages looked at: opening it takes about as long. */
export const PAGE_SCAN_COST = 16

/** What a page of row headers, or a row of scheduled messages, counts as among messages looked at: MAX_FIND_PAGES of them fit a commit. */
export const HEADERS_SCAN_COST = 128

/** Pages of row headers that a search for an id reads in one commit: some ten milliseconds of work. */
export const MAX_FIND_PAGES = 64

/** Messages in one page of a browse, at most and unless it asks for more or fewer. */
export const MAX_BROWSE_PAGE = 1000
export const DEFAULT_BROWSE_PAGE = 100

/** `maxMessagesPerSecond` of a redrive: beyond what one queue takes in. */
export const MAX_REDRIVE_RATE = 10_000

/** Messages that one slice of a redrive looks at: some ten milliseconds of work between other commits. */
export const MAX_REDRIVE_SLICE = 2_000

/** Frames that wait for their target while a redrive goes on: some forwarding calls ahead, and no more stored twice. */
export const MAX_REDRIVE_BACKLOG = 1_000

/** Redrives remembered per queue, as on SQS. */
export const MAX_REDRIVES = 10

/** Long poll of a receive, as on SQS. */
export const MAX_RECEIVE_WAIT_MS = 20_000

/** Headers on one message: Kafka has no limit; this keeps decoding linear and small. */
export const MAX_HEADERS = 100

/** A header's name and its value; with MAX_HEADERS still far below a message. */
export const MAX_HEADER_NAME_BYTES = 256
export const MAX_HEADER_VALUE_BYTES = 8 * 1024

/** A record key or message group id. */
export const MAX_KEY_BYTES = 1024

/** Partitions of one topic: creating one is a call per partition, done in steps. */
export const MAX_PARTITIONS = 256

/** Queues and topics listed in one page, at most and unless the request says otherwise. */
export const MAX_LIST_PAGE = 1000
export const DEFAULT_LIST_PAGE = 100

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

/** Bytes that leave in one commit because their receivers gave up on them: they are all in memory until it is written. */
export const MAX_OUTBOX_BYTES_PER_COMMIT = 16 * 1024 * 1024

/** Records that leave in one commit because their receivers gave up on them: a range names many at little cost. */
export const MAX_GIVEN_UP_PER_COMMIT = 1_000

/** Dead letters forwarded in one call: some ten milliseconds of work for either side. */
export const MAX_FORWARD_BATCH = 250

/** A call that forwards dead letters takes no more of them from here on: with the largest it stays far below 32 MiB. */
export const MAX_FORWARD_BYTES = 8 * 1024 * 1024

/** Rows deleted by one commit behind a log start: bounded slices, so that no commit is slow. */
export const MAX_DELETIONS_PER_COMMIT = 200

/** Live stored bytes of one object: the platform ends at 10 GB, where DELETE fails too. */
export const MAX_STORED_BYTES = 8 * 1024 * 1024 * 1024

/** The whole database of one object, with what is not a live message: beyond it nothing is taken in. */
export const MAX_DATABASE_BYTES = 9 * 1024 * 1024 * 1024

/** Names of queues, topics and namespaces. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** A receipt: its six numbers, and a seventh for a range, at their widest in base64url are 84 characters. */
export const MAX_RECEIPT_CHARACTERS = 128

/** How long a Worker goes by what it last heard of a name; objects refuse what is older than they are. */
export const METADATA_TTL_MS = 5_000

/** Names a Worker remembers: a few hundred bytes each. */
export const MAX_CACHED_NAMES = 10_000

/** Memory of the rows kept for the receives that follow: a few of the largest, decoded. */
export const ROW_CACHE_BYTES = 4 * 1024 * 1024

/** Pages whose rows are known in memory: 12 KB each, 20 KB where messages expire by themselves, and 40 B a row. */
export const MAX_INDEXED_PAGES = 1024

/** Frames handed out by one receive or push: bounds the answer far below the 32 MiB of a call. */
export const MAX_RECEIVE_BYTES = 4 * 1024 * 1024

/** Subscriptions of one client at one object: they fit a socket's attachment of 16,384 bytes. */
export const MAX_SUBSCRIPTIONS_PER_OBJECT = 64

/** Those of them that are a member's: each keeps group and member in the attachment, some 350 bytes. */
export const MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT = 16

/** Objects that one client socket reaches at a time; beyond it an idle internal socket makes room. */
export const MAX_SOCKET_OBJECTS = 512

/** What a client socket has published or settled and not had answered: an isolate of 128 MB serves many sockets. */
export const MAX_UNANSWERED_BYTES = 16 * 1024 * 1024

/** What a frame counts as unanswered besides its own bytes: about what is remembered of it. */
export const UNANSWERED_FRAME_BYTES = 256

/** What each message, record or receipt in it counts besides: what all are answered then fits MAX_UNREAD_ANSWER_BYTES. */
export const UNANSWERED_ENTRY_BYTES = 128

/** From a client that was silent for so long the broker wants to hear whether it is there. */
export const CLIENT_PING_AFTER_MS = 20_000

/** A client that was silent for so long, a ping in between, is gone: proxies and browsers pause for less. */
export const CLIENT_SILENT_MS = 60_000

/** What is sent to a client that has not shown that it read it: a socket queues without bound, 128 MB serve many. */
export const MAX_UNSENT_BYTES = 1024 * 1024

/** Bytes behind which a client is asked how far it has read: four times within what may be unsent. */
export const UNSENT_MARK_BYTES = 256 * 1024

/** Answers that wait for a client to read: what a burst of the smallest publishes is answered, and no more. */
export const MAX_UNREAD_ANSWER_BYTES = 4 * 1024 * 1024

/** Bytes of credit of a subscription, however many share a socket's: some messages, so that none waits for others. */
export const MIN_SUBSCRIPTION_BYTES = 16 * 1024

/** How long the end of a waiting receive's subscription is waited for, should its object not answer. */
export const MAX_RECEIVE_END_MS = 5_000

/** How often a waiting receive shows that it is there: a client that left is noticed within two of these. */
export const LONG_POLL_HEARTBEAT_MS = 1_000

/** Batches of a producer that a partition or queue remembers with their offsets or ids, as Kafka does. */
export const REMEMBERED_BATCHES = 5

/** How long a partition or queue remembers an idle producer. */
export const PRODUCER_IDLE_MS = 7 * 24 * 60 * 60 * 1000

/** Producers that one partition or queue remembers; beyond it the longest idle ones are forgotten. */
export const MAX_PRODUCERS = 10_000

/** Long poll of a read. */
export const MAX_READ_WAIT_MS = 60_000

/** Records that a filtered read looks at: decoding them takes some tens of milliseconds. */
export const MAX_FILTERED_RECORDS = 10_000

/** Partitions of one read: a record of the largest size from each, as JSON, fits an isolate of 128 MB. */
export const MAX_READ_PARTITIONS = 16

/** A receive from more of them waits at so many at a time, in turns: often enough at each, within a Worker's 1,000 calls. */
export const MAX_SHARE_TURNS = 20
export const MIN_SHARE_TURN_MS = 500
/** Calls that look at all partitions: before the first turn, after the last, and between them as often as is left. */
export const MAX_SHARE_LOOK_CALLS = 600

/** How often a stream of server-sent events shows that it is there. */
export const SSE_HEARTBEAT_MS = 15_000

/** How often a partition looks for records past their retention: a minute's is still kept to within a sixth. */
export const RETENTION_SWEEP_MS = 10_000

/** `retentionBytes` of a partition, from one row on. */
export const MIN_RETENTION_BYTES = 1024 * 1024

/** Rows that one slice of a compaction rewrites, and bytes of frames that it reads. */
export const MAX_COMPACTED_ROWS = 50
export const MAX_COMPACTED_BYTES = 4 * 1024 * 1024

/** A record's own `timestamp`: the last instant that a Date holds. */
export const MAX_TIMESTAMP = 8_640_000_000_000_000

/** Records that one slice of a compaction looks at, beyond its first row: a look-up each, some ten milliseconds. */
export const MAX_COMPACTED_RECORDS = 2_000

/** Slices of a compaction are this far apart, so that appends and reads come in between. */
export const COMPACTION_REST_MS = 20

/** Compaction joins neighbours below it: then a row costs little beside its frames, and two are far below MAX_ROW_BYTES. */
export const JOINED_ROW_BYTES = 64 * 1024

/** Groups with an offset in one partition: a row each, all of them in memory. */
export const MAX_GROUPS_PER_PARTITION = 1_000

/** Share groups of one partition: each has pages of delivery state in memory. */
export const MAX_SHARES_PER_PARTITION = 64

/** Records whose place and length a partition keeps in memory for its share groups, some 2 MB; rows are taken whole. */
export const MAX_SHARE_LOG_ENTRIES = 20_000

/** Offsets without a record that one commit takes out of a share group's window: some ten milliseconds of work. */
export const MAX_MISSING_PER_COMMIT = 10_000

/** Members of one group: as many as the partitions of a few of the largest topics. */
export const MAX_GROUP_MEMBERS = 1_000

/** Topics, and patterns, in one subscription; a pattern takes in as many topics. */
export const MAX_SUBSCRIBED_TOPICS = 100

/** Partitions that one group divides: its coordinator holds all of them in memory. */
export const MAX_GROUP_PARTITIONS = 10_000

/** Different patterns that the members of a group subscribe to: each is held against every topic. */
export const MAX_GROUP_PATTERNS = 256

/** Steps that evening out an assignment may take, some hundred milliseconds; what is found by then is taken. */
export const MAX_BALANCE_STEPS = 20_000_000

/** A call of a coordinator that was not answered by then, with its own timeout long over, is made again. */
export const MAX_CALL_WAIT_MS = 30_000

/** Text given with a committed offset, as in Kafka. */
export const MAX_COMMIT_METADATA_BYTES = 4096

/** Partitions that one request asks at the same time: few enough for the connections of one Worker, and its memory. */
export const MAX_PARTITION_CALLS = 32

/** Partitions whose offsets one request shows: each is a call, of which a request has 1,000. */
export const MAX_SHOWN_OFFSETS = 512

/** Partitions of one commit or seek over HTTP. */
export const MAX_COMMIT_ENTRIES = 256

/** A member's session, from a few lost heartbeats to Kafka's longest. */
export const MIN_SESSION_TIMEOUT_MS = 1_000
export const MAX_SESSION_TIMEOUT_MS = 30 * 60 * 1000

/** How often a member is asked for a heartbeat. */
export const MIN_HEARTBEAT_INTERVAL_MS = 100
export const MAX_HEARTBEAT_INTERVAL_MS = 60_000

/** How often a member of a group whose partitions move is asked for one at least: then nobody waits long for its word. */
export const REBALANCE_HEARTBEAT_MS = 200

/** What the last member of a group had is nobody's some calls after it is gone: a commit from outside waits, and asks so often. */
export const MAX_HANDOVER_WAIT_MS = 2_000
export const HANDOVER_POLL_MS = 50

/** How long a heartbeat may wait for news; half of a session is never exceeded. */
export const MAX_NEWS_WAIT_MS = 60_000

/** How long a member may take to give up a partition. */
export const MAX_REBALANCE_TIMEOUT_MS = 60 * 60 * 1000

/** Changes of members are collected for so long before partitions move: a fleet that starts is one rebalance. */
export const REBALANCE_DELAY_MS = 200

/** How often a session a coordinator that never lives for one stores that it heard of a member: each is a row. */
export const HEARINGS_PER_SESSION = 3

/** How long a coordinator goes by what it last heard of its topics. */
export const GROUP_METADATA_TTL_MS = 5_000

/** A partition that can't be reached is asked again after so long, at first and at last. */
export const FIRST_GRANT_RETRY_MS = 200
export const LAST_GRANT_RETRY_MS = 10_000

/** How often a coordinator asks whether a group has passed the barriers of added partitions. */
export const BARRIER_POLL_MS = 500

/** Partitions that a coordinator calls at the same time. */
export const MAX_GRANTS_AT_ONCE = 64

/** `maxLocks` of a share group: twenty times Kafka's default, still one page of delivery state in forty. */
export const MAX_SHARE_LOCKS = 40_000

/** Acquisition lock of a share group. */
export const MAX_LOCK_DURATION_MS = 12 * 60 * 60 * 1000

/** While partitions are added appends are refused for some ten calls' time: when a client is told to come again. */
export const SEALED_RETRY_AFTER_MS = 1_000

/** For so long the Worker itself tries again, and so often: a client seldom learns that partitions were added. */
export const MAX_SEALED_WAIT_MS = 5_000
export const SEALED_POLL_MS = 50
/** Each time for longer, so that those who wait do not hold up what they wait for. */
export const MAX_SEALED_POLL_MS = 800
/** Calls that one request makes again meanwhile: with its others they stay below the 1,000 of a Worker. */
export const MAX_SEALED_CALLS = 400

/** Producers with a name that a namespace remembers; beyond it those opened longest ago are forgotten. */
export const MAX_NAMED_PRODUCERS = 100_000

/** Members of one client socket: what each has been told is remembered, and their watches fit one internal socket. */
export const MAX_SOCKET_MEMBERS = 64

/** What one client socket asks the catalog at the same time: that is one object for all of a namespace. */
export const MAX_SOCKET_QUESTIONS = 8

/** A coordinator that ended the socket on which members are watched is reached again after so long, at first and at last. */
export const FIRST_WATCH_RETRY_MS = 100
export const LAST_WATCH_RETRY_MS = 5_000

/** How long a heartbeat waits for commits to what it gives up: less than the shortest session. */
export const GIVE_UP_WAIT_MS = 500

/** How long a subscription of a share group waits at first until the group has begun in its partition; then twice as long. */
export const SHARE_OPEN_POLL_MS = 25

/** How long a token is good unless its request says otherwise, and at most: one that is never to end says so. */
export const DEFAULT_TOKEN_MS = 24 * 60 * 60 * 1000
export const MAX_TOKEN_MS = 10 * 365 * 24 * 60 * 60 * 1000

/** Rights of one token, and names and patterns in all of them: a list looks each up, with one of a Worker's 1,000 calls. */
export const MAX_TOKEN_RIGHTS = 32
export const MAX_TOKEN_PATTERNS = 256

/** Whom a token is for: a note that it carries along. */
export const MAX_SUBJECT_CHARACTERS = 256

/** A token travels in a header of every request, of which servers and proxies take some 16 KB together. */
export const MAX_TOKEN_CHARACTERS = 8 * 1024

/** Tokens whose signature an isolate remembers to be right: some megabytes of the longest. */
export const MAX_KNOWN_TOKENS = 500

/** What the id of an access key looks like, as on AWS; only what begins and ends as the broker's do is one. */
export const ACCESS_KEY_ID = /^[A-Z0-9]{20}$/

/** How long a Worker goes by what it read of an access key: so long after it was taken back it may still be good. */
export const ACCESS_KEY_TTL_MS = 30_000

/** Access keys that an isolate remembers: about a kilobyte each, with the rights of the longest some tens. */
export const MAX_KNOWN_ACCESS_KEYS = 500

/** Days, regions and services of an access key for which an isolate remembers what signs: midnight makes two of each. */
export const MAX_SIGNING_KEYS = 8

/** The longest time of a timer, 2^31 − 1 milliseconds: what is farther off is waited for in steps. */
export const MAX_TIMER_MS = 2_147_483_647

/** Calls of one list for who may not see all names: each looks at MAX_LIST_PAGE of them, and a Worker has 1,000. */
export const MAX_FILTERED_LIST_CALLS = 500
