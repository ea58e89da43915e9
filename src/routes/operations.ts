import { connect } from "./connect.ts"
import { commitGroupOffsets } from "./groups/commit.ts"
import { deleteGroup } from "./groups/delete.ts"
import { fetchRecords } from "./groups/fetch.ts"
import { getGroup } from "./groups/get.ts"
import { heartbeat } from "./groups/heartbeat.ts"
import { joinGroup } from "./groups/join.ts"
import { leaveGroup } from "./groups/leave.ts"
import { listGroups } from "./groups/list.ts"
import { getGroupOffsets } from "./groups/offsets.ts"
import { putGroup } from "./groups/put.ts"
import { seekGroup } from "./groups/seek.ts"
import type { Operation } from "./operation.ts"
import { ackMessages } from "./queues/ack.ts"
import { browseMessages } from "./queues/browse.ts"
import { cancelRedrive } from "./queues/cancel-redrive.ts"
import { deleteMessage } from "./queues/delete-message.ts"
import { deleteQueue } from "./queues/delete.ts"
import { extendMessages } from "./queues/extend.ts"
import { getMessage } from "./queues/get-message.ts"
import { getQueue } from "./queues/get.ts"
import { listRedrives } from "./queues/list-redrives.ts"
import { listQueues } from "./queues/list.ts"
import { nackMessages } from "./queues/nack.ts"
import { purgeMessages } from "./queues/purge.ts"
import { putQueue } from "./queues/put.ts"
import { receiveMessages } from "./queues/receive.ts"
import { resendMessage } from "./queues/resend.ts"
import { sendMessages } from "./queues/send.ts"
import { startRedrive } from "./queues/start-redrive.ts"
import { ackShare } from "./shares/ack.ts"
import { extendShare } from "./shares/extend.ts"
import { getShare } from "./shares/get.ts"
import { nackShare } from "./shares/nack.ts"
import { receiveShare } from "./shares/receive.ts"
import { health } from "./system/health.ts"
import { openapi } from "./system/openapi.ts"
import { createToken } from "./tokens/create.ts"
import { deleteAccessKey } from "./tokens/delete.ts"
import { appendRecords } from "./topics/append.ts"
import { deleteTopic } from "./topics/delete.ts"
import { getTopic } from "./topics/get.ts"
import { watchHead } from "./topics/head.ts"
import { getLatest } from "./topics/key.ts"
import { listTopics } from "./topics/list.ts"
import { getOffsets } from "./topics/offsets.ts"
import { openProducer } from "./topics/open-producer.ts"
import { putTopic } from "./topics/put.ts"
import { readPartitions } from "./topics/read-many.ts"
import { readRecords } from "./topics/read.ts"
import { trimRecords } from "./topics/trim.ts"

/** Every operation of the HTTP API: what is mounted, and what `openapi.json` describes. */
export const OPERATIONS: readonly Operation[] = [
  listQueues,
  putQueue,
  getQueue,
  deleteQueue,
  sendMessages,
  receiveMessages,
  ackMessages,
  nackMessages,
  extendMessages,
  browseMessages,
  purgeMessages,
  getMessage,
  deleteMessage,
  resendMessage,
  startRedrive,
  listRedrives,
  cancelRedrive,
  listTopics,
  putTopic,
  getTopic,
  deleteTopic,
  appendRecords,
  openProducer,
  readRecords,
  readPartitions,
  getOffsets,
  watchHead,
  getLatest,
  trimRecords,
  listGroups,
  putGroup,
  getGroup,
  deleteGroup,
  joinGroup,
  heartbeat,
  leaveGroup,
  fetchRecords,
  getGroupOffsets,
  commitGroupOffsets,
  seekGroup,
  getShare,
  receiveShare,
  ackShare,
  nackShare,
  extendShare,
  connect,
  createToken,
  deleteAccessKey,
  health,
  openapi,
]
