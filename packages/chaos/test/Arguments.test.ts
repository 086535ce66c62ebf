import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Arguments from "../src/Arguments.js"

const parse = (...argv: ReadonlyArray<string>) => Either.merge(Arguments.parse(argv, () => 42))

describe("Arguments", () => {
  it("has a default for everything", () => {
    assert.deepStrictEqual(parse(), {
      store: "file",
      processes: 8,
      seconds: 20,
      seed: 42,
      leaseSeconds: 2,
      fence: true,
      pauses: false,
      trace: undefined
    })
  })

  it("takes what it is given, and the command line brings it back", () => {
    const given = {
      store: "redis",
      processes: 3,
      seconds: 4.5,
      seed: 7,
      leaseSeconds: 0.5,
      fence: false,
      pauses: true,
      trace: undefined
    } as const
    const [, argv = ""] = Arguments.commandLine(given).split(" -- ")
    assert.deepStrictEqual(parse(...argv.split(" ")), given)
    assert.deepStrictEqual(parse("--help"), "Help")
  })

  const problems: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
    [["--store", "mysql"], '--store is "mysql"; it has to be one of file, sqlite, postgres, redis.'],
    [["--processes", "0"], '--processes is "0"; it has to be a whole number from 1 to 64.'],
    [["--processes", "2.5"], '--processes is "2.5"; it has to be a whole number from 1 to 64.'],
    [["--seconds", "soon"], '--seconds is "soon"; it has to be a number from 1 to 86400.'],
    [["--seed", "-1"], "--seed"],
    [["--lease-seconds", "0"], '--lease-seconds is "0"; it has to be a number from 0.5 to 60.'],
    [["--quiet"], "--quiet"],
    [["once"], "once"]
  ]
  for (const [argv, problem] of problems) {
    it(`says what is wrong with ${argv.join(" ")}`, () => {
      const message = parse(...argv)
      assert.isTrue(typeof message === "string" && message.includes(problem), String(message))
    })
  }
})
