import { assert, describe, it } from "@effect/vitest"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, FastCheck as fc, TestClock } from "effect"
import { call, logIn, post, refresh, requestOf, Server } from "./fixtures/asking.js"

/** What a test, or a thief, can do; a number picks one of the tokens that there were. */
type Step =
  | { readonly do: "log in" | "change password" | "end all" }
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "refresh" | "revoke access" | "revoke refresh" | "expire access"; readonly which: number }

const which = fc.nat({ max: 1000 })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("log in" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("refresh" as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 50 }) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("revoke access" as const, "revoke refresh" as const, "expire access" as const),
      which
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("change password" as const, "end all" as const) }) }
)

interface Token {
  readonly access: string
  readonly refresh: string
  readonly session: { isOver: boolean }
  readonly expiresAt: number
  isAccessDead: boolean
  isSpent: boolean
}

const hour = 60 * 60 * 1000

/** The same in a few lines, over everything that was ever issued. */
const model = () => {
  const tokens: Array<Token> = []
  const pick = (which: number) => tokens[which % Math.max(1, tokens.length)]
  const isLive = (token: Token, now: number) =>
    !token.isAccessDead && !token.session.isOver && now < token.expiresAt
  return { tokens, pick, isLive }
}

describe("whatever is done, in any order", () => {
  it.effect.prop(
    "the server knows what a simple model of it knows",
    [fc.array(step, { maxLength: 40 })],
    ([steps]) =>
      Effect.gen(function* () {
        const server = yield* Server
        const { isLive, pick, tokens } = model()
        let now = 0
        let password = "wonderland"

        const issued = (body: Readonly<Record<string, unknown>>, session: Token["session"]) =>
          tokens.push({
            access: String(body["access_token"]),
            refresh: String(body["refresh_token"]),
            session,
            expiresAt: now + hour,
            isAccessDead: false,
            isSpent: false
          })

        for (const one of steps) {
          switch (one.do) {
            case "log in":
              issued((yield* logIn({ password })).body, { isOver: false })
              break
            case "change password":
              password = `${password}!`
              yield* server.setPassword("alice", password)
              break
            case "end all":
              yield* server.endSessions
              for (const token of tokens) token.session.isOver = true
              break
            case "wait":
              yield* TestClock.adjust(`${one.minutes} minutes`)
              now += one.minutes * 60_000
              break
            case "refresh": {
              const token = pick(one.which)
              if (token === undefined) break
              const reply = yield* refresh(token.refresh)
              const isGood = !token.session.isOver && !token.isSpent
              assert.strictEqual(reply.status, isGood ? 200 : 400)
              if (isGood) {
                token.isSpent = true
                issued(reply.body, token.session)
              } else token.session.isOver = true
              break
            }
            case "revoke access":
            case "revoke refresh": {
              const token = pick(one.which)
              if (token === undefined) break
              const isAccess = one.do === "revoke access"
              const text = isAccess ? token.access : token.refresh
              assert.strictEqual((yield* post("https://auth.test/revoke", { token: text })).status, 200)
              if (isAccess) token.isAccessDead = true
              else token.session.isOver = true
              break
            }
            case "expire access": {
              const token = pick(one.which)
              if (token === undefined) break
              yield* server.expire(token.access)
              token.isAccessDead = true
            }
          }
        }

        for (const token of tokens) {
          const isGood = isLive(token, now)
          assert.strictEqual((yield* call(token.access)).status, isGood ? 200 : 401)
          assert.strictEqual((yield* server.introspect(token.access)).active, isGood)
          const { body } = yield* post("https://auth.test/introspect", { token: token.refresh })
          assert.strictEqual(body["active"], !token.session.isOver && !token.isSpent)
        }
        // Of a session that is on, one refresh token is good.
        for (const session of new Set(tokens.map((token) => token.session))) {
          const good = tokens.filter((token) => token.session === session && !token.isSpent)
          if (!session.isOver) assert.lengthOf(good, 1)
        }
      }).pipe(Effect.provide(TestAuthorizationServer.layer())),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect.prop(
    "no input is a defect",
    [
      fc.constantFrom("token", "revoke", "introspect", "authorize", ".well-known/oauth-authorization-server"),
      fc.constantFrom("GET" as const, "POST" as const, "PUT" as const),
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.dictionary(
        fc.constantFrom("grant_type", "code", "token", "scope", "client_id", "redirect_uri", "code_verifier"),
        fc.string({ unit: "binary" })
      )
    ],
    ([path, method, body, authorization, parameters]) =>
      Effect.gen(function* () {
        const { client } = yield* TestAuthorizationServer.make()
        const url = `https://auth.test/${path}?${new URLSearchParams(parameters)}`
        for (const text of [body, new URLSearchParams(parameters).toString()]) {
          const response = yield* client.execute(requestOf(method, url, text, authorization))
          assert.isBelow(response.status, 500)
        }
      }),
    { fastCheck: { numRuns: 300 } }
  )
})
