import type { TSchema } from "typebox";
import Value from "typebox/value";
import type { JsonObject } from "../../../src/core/json.js";

/** Params of a source with the schema's defaults filled in, and everything quick. */
export function sourceParams(schema: TSchema, params: JsonObject): JsonObject {
  return Value.Default(schema, {
    allow_private: true,
    headers_timeout: 2,
    body_timeout: 2,
    retries: 1,
    ...params,
  }) as JsonObject;
}
