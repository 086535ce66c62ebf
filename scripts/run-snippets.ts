/**
 * Runs snippets one after the other, in this process: a start for each would take longer than all of them. They say
 * `http://localhost:3000`, as a reader would; that is a sample server here, on a port of its own.
 *
 * Each argument is a file. For each there is one line of JSON on standard output that begins with the mark.
 */
import { inspect } from "node:util"
import { SampleServer } from "@effect-oauth/sample-server"
import { Effect, Exit, Scope } from "effect"
import { type SnippetOutcome, snippetMark } from "./snippet-outcome.js"

const secondsEach = 20

const documented = "http://localhost:3000"

const redirectTo = (origin: string): void => {
  const original = globalThis.fetch
  const moved = (url: string): string =>
    url.startsWith(documented) ? origin + url.slice(documented.length) : url
  globalThis.fetch = (input, init) =>
    original(input instanceof Request ? new Request(moved(input.url), input) : moved(String(input)), init)
}

const within = <A>(work: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${secondsEach} s`)), secondsEach * 1000)
  })
  return Promise.race([work, tooLong]).finally(() => clearTimeout(timer))
}

const scope = Effect.runSync(Scope.make())
const { origin } = await Effect.runPromise(Scope.extend(SampleServer.make({ issuer: documented }), scope))
redirectTo(origin)
for (const file of process.argv.slice(2)) {
  const outcome: SnippetOutcome = await within(import(file)).then(
    () => ({ file }),
    (error) => ({ file, problem: inspect(error) })
  )
  process.stdout.write(`${snippetMark}${JSON.stringify(outcome)}\n`)
}
await Effect.runPromise(Scope.close(scope, Exit.void))
process.exit(0)
