import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cases } from "./conformance/cases.js"
import { differences } from "./conformance/differences.js"
import { type Name, servers } from "./conformance/ServerUnderTest.js"

const names: ReadonlyArray<Name> = [
  "TestAuthorizationServer",
  "TestAuthorizationServer on a socket",
  "OidcProvider",
  "NodeOAuth2Server"
]

// What is undefined is not there: JSON has no word for it.
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

for (const name of names) {
  describe.concurrent(name, () => {
    // What a server does not have cannot differ.
    const served = cases.filter(({ needs }) => needs === undefined || name !== "NodeOAuth2Server")
    for (const { expected, name: title, run } of served) {
      it.scopedLive(title, () =>
        Effect.gen(function* () {
          const observed = yield* run(yield* servers[name])
          assert.deepStrictEqual(asJson(observed), asJson(differences[name][title]?.observed ?? expected))
        })
      )
    }
  })
}

describe("differences", () => {
  for (const name of names) {
    it(`of ${name} are of cases that there are, and are differences`, () => {
      for (const [title, { observed }] of Object.entries(differences[name])) {
        const [one, ...others] = cases.filter(({ name }) => name === title)
        assert.isDefined(one, title)
        assert.lengthOf(others, 0, title)
        assert.notDeepEqual(asJson(observed), asJson(one?.expected), title)
      }
    })
  }
})
