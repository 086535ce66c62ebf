import { assert, describe, it } from "@effect/vitest"
import { Chromium, Installation } from "@effect-oauth/loopback-servers"
import { SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import { known } from "./support.js"

describe(
  ...Installation.needing("the page, in a real browser without JavaScript,", Chromium.installation),
  () => {
    it.scopedLive("leads a user back to the client, who has to type the password right and may say no", () =>
      Effect.gen(function* () {
        const { origin } = yield* SampleServer.make()
        const client = yield* SampleServer.make()
        const page = yield* Effect.flatMap(Chromium.make({ javaScript: false }), ({ page }) => page)
        const url = `${origin}/oauth/authorize?${new URLSearchParams({
          response_type: "code",
          client_id: "client",
          redirect_uri: `${client.origin}/auth/noAuth?array=true`,
          state: "the state"
        })}`
        const press = (name: string) => page.use((window) => window.getByRole("button", { name }).click())
        const signIn = (password: string) =>
          Effect.zipRight(
            page.use(async (window) => {
              await window.getByLabel("User name").fill("alice")
              await window.getByLabel("Password").fill(password)
            }),
            press("Sign in and allow")
          )

        yield* page.goto(url)
        yield* signIn("wrong")
        assert.include(yield* page.text, "The user name or the password is wrong.")
        yield* signIn(known.password)
        assert.include(yield* page.text, "You've passed the test!")

        yield* page.goto(url)
        yield* press("No, go back")
        assert.include(yield* page.text, "You've passed the test!")

        const answers = (yield* client.requests)
          .filter(({ path }) => path === "/auth/noAuth")
          .map(({ headers, query }) => [Object.fromEntries(query), headers["referer"]])
        assert.strictEqual(answers.length, 2)
        assert.include(answers[0]?.[0], { array: "true", state: "the state", iss: origin })
        assert.match(JSON.stringify(answers[0]?.[0]), /"code":"\w{64}"/)
        assert.include(answers[1]?.[0], { error: "access_denied", state: "the state", iss: origin })
        assert.deepStrictEqual([answers[0]?.[1], answers[1]?.[1]], [undefined, undefined])
      })
    )
  }
)
