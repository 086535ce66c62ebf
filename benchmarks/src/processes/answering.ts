import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { encodeReply } from "./Reply.js"

const Message = Schema.Struct({ question: Schema.Unknown })

const tell = (exit: Exit.Exit<unknown, unknown>): void => {
  const reply = Exit.match(exit, {
    onFailure: (cause) => Either.left(Cause.pretty(cause, { renderErrorCause: true })),
    onSuccess: (answer) => Either.right(answer)
  })
  process.send?.(encodeReply(reply))
}

/** Answers the process that started this one, for as long as that is there. */
export const answering = <A, I, E, R>(
  question: Schema.Schema<A, I>,
  answer: (question: A) => Effect.Effect<unknown, E, R>
): Effect.Effect<never, never, R> =>
  Effect.gen(function* () {
    const asked = yield* Queue.unbounded<unknown>()
    process.on("message", (message) => Queue.unsafeOffer(asked, message))
    process.on("disconnect", () => process.exit())
    tell(Exit.void)
    return yield* Queue.take(asked).pipe(
      Effect.flatMap(Schema.decodeUnknown(Message)),
      Effect.flatMap((message) => Schema.decodeUnknown(question)(message.question)),
      Effect.flatMap(answer),
      Effect.exit,
      Effect.map(tell),
      Effect.forever
    )
  })
