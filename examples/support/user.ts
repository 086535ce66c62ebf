import { BrowserSignIn, Chromium, SignIn } from "@effect-oauth/loopback-servers"
import { Console, Context, Data, Deferred, Effect, Layer } from "effect"

/** The user could not do what they wanted to. */
export class UserFailed extends Data.TaggedError("UserFailed")<{ readonly message: string }> {}

/**
 * Somebody who takes the place of a user, so that the example runs by itself: Alice, who logs in on the pages of the
 * sample server and lets the program in. In a headless Chromium if this machine has one, else by plain HTTP.
 */
export class User extends Context.Tag("examples/User")<
  User,
  {
    /** Gives Alice an address to open. It is done when she has seen where that leads. */
    readonly open: (url: string) => Effect.Effect<void, UserFailed>
    /** What she reads at the end. */
    readonly saw: Effect.Effect<string, UserFailed>
  }
>() {
  static readonly layer = Layer.scoped(
    this,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const shown = yield* Deferred.make<string, UserFailed>()
      const hasChromium = yield* Chromium.isInstalled
      return {
        // The program may go on while she still looks at the page.
        open: (url) =>
          (hasChromium ? inChromium(url) : byHttp(url)).pipe(
            Effect.mapError((error) => new UserFailed({ message: error.message })),
            Effect.intoDeferred(shown),
            Effect.forkIn(scope),
            Effect.zipRight(Deferred.await(shown))
          ),
        saw: Deferred.await(shown)
      }
    })
  )
}

const inChromium = (url: string): Effect.Effect<string, Error> =>
  Effect.gen(function* () {
    const browser = yield* Chromium.make()
    yield* Console.log(`Alice logs in, in a headless Chromium ${browser.version}.`)
    const page = yield* browser.page
    yield* BrowserSignIn.signIn(page, url)
    return yield* page.text
  }).pipe(Effect.scoped)

const byHttp = (url: string): Effect.Effect<string, Error> =>
  Effect.gen(function* () {
    yield* Console.log("There is no Chromium on this machine: Alice logs in by plain HTTP.")
    const callback = yield* SignIn.signIn(url)
    const page = yield* Effect.tryPromise(async () => (await fetch(callback)).text())
    const [, body = ""] = /<body>(.*)<\/body>/s.exec(page) ?? []
    return body.replace(/<[^>]*>/g, "").trim()
  })
