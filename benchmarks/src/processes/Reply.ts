import * as Schema from "effect/Schema"

/** What a process tells the one that started it: what was asked for, or why not. */
export const Reply = Schema.Either({ left: Schema.String, right: Schema.Unknown })

export const encodeReply = Schema.encodeSync(Reply)
