import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Line, LineJson } from "../Protocol.js"

const encode = Schema.encodeSync(LineJson)

/** Tells the parent. What was told is on its way when this returns, also if the process is killed right then. */
export const tell = (line: Line): Effect.Effect<void> =>
  Effect.sync(() => void writeSync(1, `${encode(line)}\n`))
