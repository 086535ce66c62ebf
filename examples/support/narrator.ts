import { formField } from "@effect-oauth/loopback-servers/RecordedRequest"
import { Clock, Console, Data, Effect, Ref } from "effect"
import { SampleServer } from "./sampleServer.js"

/** A step did not go as told. */
export class StepFailed extends Data.TaggedError("StepFailed")<{ readonly message: string }> {}

const colored = process.stdout.isTTY && process.env["NO_COLOR"] === undefined
const paint = (code: number, text: string): string => (colored ? `\u001b[${code}m${text}\u001b[0m` : text)

export const say = (text: string): Effect.Effect<void> => Console.log(`   ${text}`)

export const heading = (text: string): Effect.Effect<void> => Console.log(paint(1, text))

/** Fails the step unless it went as told. */
export const expect = (holds: boolean, otherwise: string): Effect.Effect<void, StepFailed> =>
  holds ? Effect.void : new StepFailed({ message: otherwise })

const number = Ref.unsafeMake(0)

/**
 * Tells what a step is about, runs it, and tells what was asked of the token endpoint meanwhile, which has to be what
 * was told beforehand, and how long it took.
 */
export const step = <A, E, R>(
  title: string,
  told: ReadonlyArray<string>,
  run: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StepFailed, R | SampleServer> =>
  Effect.gen(function* () {
    const server = yield* SampleServer
    const index = yield* Ref.updateAndGet(number, (n) => n + 1)
    yield* Console.log(`\n${paint(36, `${index}.`)} ${paint(1, title)}`)
    const before = (yield* server.tokenRequests).length
    const start = yield* Clock.currentTimeMillis
    const result = yield* run
    const end = yield* Clock.currentTimeMillis
    const asked = (yield* server.tokenRequests)
      .slice(before)
      .map((request) => formField(request, "grant_type") ?? "nothing legible")
    yield* say(`asked the authorization server for: ${asked.length === 0 ? "nothing" : asked.join(", ")}`)
    yield* expect(
      asked.join() === told.join(),
      `the token endpoint should have been asked for: ${told.join(", ") || "nothing"}`
    )
    yield* say(`${paint(32, "ok")} ${paint(2, `${end - start} ms`)}`)
    return result
  })
