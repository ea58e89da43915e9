/**
 * The client of Millrace: message queues and event streams over one WebSocket.
 * Runs in Node 20 and newer, Deno, Bun, browsers and Workers, and needs no other package.
 */
export { type Admin, createAdmin } from "./admin.ts"
export type {
  AdminGroups,
  GroupCommit,
  GroupOffset,
  GroupSettings,
  GroupState,
  GroupView,
  PartitionProblem,
  SeekRequest,
  SeekTarget,
  Sought,
  TopicPartition,
} from "./admin-groups.ts"
export type { AdminOptions, ListQuery } from "./admin-http.ts"
export type {
  AdminQueues,
  BrowsedMessage,
  DeadLetterReason,
  MessageFilter,
  MessageState,
  QueuePatch,
  QueueSettings,
  QueueStatistics,
  QueueView,
  Redrive,
  RedriveRequest,
  RetryDelay,
} from "./admin-queues.ts"
export type { AccessKeyRequest, AccessKeyView, AdminTokens, Right, TokenRequest, TokenView } from "./admin-tokens.ts"
export type { AdminTopics, PartitionView, TopicSettings, TopicView } from "./admin-topics.ts"
export { type Client, connect, type ConnectOptions } from "./client.ts"
export { bytes, type Codec, type Format, json, text } from "./codec.ts"
export type { ConsumeOptions, HandlerContext, LeaseOptions, MessagesOptions } from "./consume/consume-options.ts"
export type { CommitOffset, CommitOptions, GroupConsumerOptions, RunOptions } from "./consume/group-options.ts"
export type { Consumer, StopOptions } from "./consume/handler-loop.ts"
export type { Settleable } from "./consume/held.ts"
export { type NackOptions, Reject, RetryLater } from "./consume/outcomes.ts"
export type { RecordPlace, TopicRecord } from "./consume/records.ts"
export { type ErrorCode, isMillraceError, MillraceError, type Problem } from "./errors.ts"
export type { Appended, OutgoingRecord, Producer, ProducerOptions } from "./producer.ts"
export type { GroupConsumer } from "./group-consumer.ts"
export type { Message } from "./queue-consumer.ts"
export type { OutgoingMessage, Queue, QueueOptions, SendOutcome, Sent } from "./queue.ts"
export type { Headers } from "./headers.ts"
export type { AddressOptions, ConnectionOptions, ConnectionState, Token } from "./options.ts"
export type { SendOptions } from "./send-options.ts"
export type { ShareGroup, SharedRecord } from "./share-group.ts"
export type { StandardSchema } from "./standard-schema.ts"
export type { Topic, TopicOptions } from "./topic.ts"
export type { ReadFrom, ReadOptions } from "./topic-reader.ts"
export type { Tracing } from "./tracing.ts"
