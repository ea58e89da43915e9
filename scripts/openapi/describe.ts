import { toJsonSchema } from "@valibot/to-json-schema"
import type { GenericSchema } from "valibot"
import type { ErrorCode } from "../../src/core/errors.ts"
import { statusOf } from "../../src/protocol/native/problems.ts"
import type { Operation } from "../../src/routes/operation.ts"
import { OPERATIONS } from "../../src/routes/operations.ts"
import { problemSchema } from "../../src/routes/schemas.ts"
import manifest from "../../package.json" with { type: "json" }

type Json = Record<string, unknown>

const PROBLEM = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
/** What any operation behind the token may answer. */
const COMMON_FAILURES: readonly ErrorCode[] = [
  "unauthorized",
  "not_configured",
  "overloaded",
  "unavailable",
  "disk_full",
  "corrupt_storage",
]

/** What any operation may answer that asks for more than a token. */
const FORBIDDEN: readonly ErrorCode[] = ["forbidden"]

/** The HTTP API as an OpenAPI 3.1 document. */
export function describeApi(): Json {
  const paths: Record<string, Json> = {}
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}")
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(operation) }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Millrace", version: manifest.version, description: manifest.description },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: { Problem: jsonSchema(problemSchema, "output") },
    },
  }
}

function describeOperation(operation: Operation): Json {
  const parameters = [...pathParameters(operation), ...queryParameters(operation)]
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.demand === "nothing" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === null ? {} : { requestBody: describeBody(operation.body) }),
    responses: { ...describeResponses(operation), ...describeFailures(operation) },
  }
}

function pathParameters({ path }: Operation): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: name === "partition" ? { type: "integer", minimum: 0 } : { type: "string" },
  }))
}

function queryParameters({ query }: Operation): Json[] {
  if (query === null) return []
  // As output, so that numbers are numbers; as input, because there what has a default may be left out.
  const { properties = {} } = jsonSchema(query, "output") as { properties?: Record<string, Json> }
  const { required = [] } = jsonSchema(query, "input") as { required?: string[] }
  return Object.entries(properties).map(([name, schema]) => {
    return { name, in: "query", required: required.includes(name), schema: withNumericDefault(schema) }
  })
}

function withNumericDefault(schema: Json): Json {
  return schema["type"] === "integer" && "default" in schema
    ? { ...schema, default: Number(schema["default"]) }
    : schema
}

function describeBody(body: NonNullable<Operation["body"]>): Json {
  const raw = body.raw === true ? { "*/*": { schema: {} } } : {}
  return {
    required: body.optional !== true,
    content: { "application/json": { schema: jsonSchema(body.schema, "input") }, ...raw },
  }
}

function describeResponses({ responses }: Operation): Json {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, otherTypes = [] }]) => {
      if (schema === null) return [status, { description }]
      const others = Object.fromEntries(otherTypes.map((type) => [type, {}]))
      const content = { "application/json": { schema: jsonSchema(schema, "output") }, ...others }
      return [status, { description, content }]
    }),
  )
}

function describeFailures({ failures, demand }: Operation): Json {
  const codes = new Map<number, string[]>()
  const isLimited = demand !== "nothing" && demand !== "token"
  const common = [...(demand === "nothing" ? [] : COMMON_FAILURES), ...(isLimited ? FORBIDDEN : [])]
  for (const code of [...failures, ...common]) {
    const status = statusOf(code)
    codes.set(status, [...(codes.get(status) ?? []), `\`${code}\``])
  }
  const byStatus = [...codes].map(([status, names]) => [status, { description: names.join(", "), content: PROBLEM }])
  return Object.fromEntries(byStatus) as Json
}

function jsonSchema(schema: GenericSchema, typeMode: "input" | "output"): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode, errorMode: "ignore" })
  return rest
}
