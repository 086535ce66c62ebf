import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { MalformedReply } from "@effect-oauth/testing"
import { cases } from "./conformance/cases.js"
import { differences } from "./conformance/differences.js"

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")

const readme = read("../README.md")

describe("the README", () => {
  it("shows the very test that is run", () => {
    const test = read("./readme.test.ts")
    for (const text of [readme, read("../../client/README.md")]) {
      assert.include(text, `\`\`\`ts\n${test}\`\`\``)
    }
    const lines = test.slice(test.indexOf("it.effect")).trim().split("\n")
    assert.isBelow(lines.length, 15)
  })

  it("names every difference, and no other", () => {
    const rows = readme
      .slice(readme.indexOf("| case | here |"))
      .split("\n")
      .flatMap((line) => {
        const [, name, , oidcProvider, nodeOAuth2Server] = line.split("|").map((cell) => cell.trim())
        return cases.some((one) => one.name === name) ? [{ name, oidcProvider, nodeOAuth2Server }] : []
      })
    const sameOrNone = /^the same$|^has no /
    for (const { name, nodeOAuth2Server = "", oidcProvider = "" } of rows) {
      assert.strictEqual(!sameOrNone.test(oidcProvider), `${name}` in differences.OidcProvider, name)
      assert.strictEqual(!sameOrNone.test(nodeOAuth2Server), `${name}` in differences.NodeOAuth2Server, name)
    }
    const named = new Set(rows.map(({ name }) => name))
    const different = new Set([
      ...Object.keys(differences.OidcProvider),
      ...Object.keys(differences.NodeOAuth2Server)
    ])
    assert.deepStrictEqual([...named].sort(), [...different].sort())
  })

  it("names every kind of malformed reply", () => {
    for (const kind of MalformedReply.kinds) assert.include(readme, `\`${kind}\``)
  })
})
