/** The limits of Amazon SQS, in its own units: what its API reference and its quotas say, unless another source is named. */

/** A queue's name, with `.fifo` where it has that. */
export const MAX_QUEUE_NAME_CHARACTERS = 80

/** `DelaySeconds`: 15 minutes. */
export const MAX_DELAY_SECONDS = 900

/** `MaximumMessageSize`; its greatest is also the default, and the most that a batch has in all. Of 256 KiB until August 2025. */
export const MIN_MESSAGE_SIZE_BYTES = 1024
export const MAX_MESSAGE_SIZE_BYTES = 1_048_576

/** `MessageRetentionPeriod`: a minute to 14 days. */
export const MIN_RETENTION_SECONDS = 60
export const MAX_RETENTION_SECONDS = 1_209_600

/** `ReceiveMessageWaitTimeSeconds` and `WaitTimeSeconds`. */
export const MAX_WAIT_SECONDS = 20

/** `VisibilityTimeout`, also in all from the receive on: 12 hours. */
export const MAX_VISIBILITY_TIMEOUT_SECONDS = 43_200

/** `KmsDataKeyReusePeriodSeconds`: a minute to a day. */
export const MIN_KMS_REUSE_SECONDS = 60
export const MAX_KMS_REUSE_SECONDS = 86_400
export const DEFAULT_KMS_REUSE_SECONDS = 300

/** `KmsMasterKeyId`: a key's ARN and alias have at most so many characters, says the KMS API. */
export const MAX_KMS_KEY_CHARACTERS = 2048

/** Tags of one queue, and the characters of their parts. */
export const MAX_TAGS = 50
export const MAX_TAG_KEY_CHARACTERS = 128
export const MAX_TAG_VALUE_CHARACTERS = 256

/** Queues in one answer of a list. */
export const MAX_LISTED_QUEUES = 1000

/** Between two purges of a queue. */
export const PURGE_INTERVAL_SECONDS = 60

/** `maxReceiveCount` of a redrive policy. */
export const MAX_RECEIVE_COUNT = 1000

/** Queues that a redrive-allow policy names. */
export const MAX_REDRIVE_SOURCES = 10

/** Members of a list or map of a JSON request, of the broker: as many as a form has parameters. */
export const MAX_LIST_MEMBERS = 10_000

/** Parameters of a form. A full batch has 600 of them, lists of names may be long: of the broker, against forms of nothing but `&`. */
export const MAX_QUERY_PARAMETERS = 10_000

/** Parts of a parameter's name: `SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringListValue.member.1` has them all. */
export const MAX_QUERY_NAME_PARTS = 8

/** A policy: its text, its statements, and the actions of each statement; principals and conditions of all statements. */
export const MAX_POLICY_BYTES = 8192
export const MAX_POLICY_STATEMENTS = 20
export const MAX_STATEMENT_ACTIONS = 7
export const MAX_POLICY_PRINCIPALS = 50
export const MAX_POLICY_CONDITIONS = 10

/** The label of a permission. */
export const MAX_LABEL_CHARACTERS = 80

/** `MaxNumberOfMessagesPerSecond` of a move task. */
export const MAX_MOVES_PER_SECOND = 500

/** Move tasks in one answer of a list, at most and unless it asks for more. */
export const MAX_LISTED_MOVE_TASKS = 10
export const DEFAULT_LISTED_MOVE_TASKS = 1

/** Entries of a batch, and the characters of their ids. */
export const MAX_BATCH_ENTRIES = 10
export const MAX_ENTRY_ID_CHARACTERS = 80

/** `MaxNumberOfMessages` of a receive. */
export const MAX_RECEIVED_MESSAGES = 10

/** Attributes of one message, and the bytes of a name and of a data type with its label. */
export const MAX_MESSAGE_ATTRIBUTES = 10
export const MAX_ATTRIBUTE_NAME_BYTES = 256
export const MAX_ATTRIBUTE_TYPE_BYTES = 256

/** `MessageGroupId`, `MessageDeduplicationId` and `ReceiveRequestAttemptId`. */
export const MAX_TERM_CHARACTERS = 128

/** `AWSTraceHeader`: several times the longest that X-Ray's documentation shows, for it does not count as size of its message. */
export const MAX_TRACE_HEADER_BYTES = 2048
