import { assert, describe, it } from "@effect/vitest"
import * as Judge from "../src/Judge.js"
import type { Entry } from "../src/Trace.js"

const options = { leaseMillis: 2000, verifier: "verifier" }

/** A story, told by the steps of token requests. Tokens have names: `a` brings `b`, `b` brings `c`. */
const sent = (
  at: number,
  request: number,
  incarnation: string,
  token?: string,
  handedAt: number = at
): Entry => ({
  _tag: "Sent",
  at,
  handedAt,
  request,
  incarnation,
  session: "alice",
  token
})
const gave = (at: number, request: number, successor: string): Entry => ({
  _tag: "Acted",
  at,
  request,
  successor,
  refused: undefined
})
const refused = (at: number, request: number): Entry => ({
  _tag: "Acted",
  at,
  request,
  successor: undefined,
  refused: "invalid_grant"
})
const flushed = (at: number, request: number, status = 200): Entry => ({
  _tag: "Flushed",
  at,
  request,
  status
})
const lost = (at: number, request: number): Entry => ({ _tag: "Lost", at, request })
const abandoned = (at: number, request: number): Entry => ({ _tag: "Abandoned", at, request })
const killed = (at: number, incarnation: string): Entry => ({ _tag: "Killed", at, incarnation })
const halted = (at: number, until: number, incarnation: string): Entry => ({
  _tag: "Halted",
  at,
  until,
  incarnation
})
const told = (
  at: number,
  incarnation: string,
  event: "Issued" | "Refreshed" | "Adopted" | "Restored" | "NotDurable" | "Durable",
  token: string
): Entry => ({ _tag: "Told", at, incarnation, session: "alice", event, token })

const login: ReadonlyArray<Entry> = [
  sent(0, 0, "one"),
  gave(10, 0, "a"),
  flushed(20, 0),
  told(25, "one", "Issued", "a")
]

/** The process `one` sends `a`, and the server gives `b`. */
const spent: ReadonlyArray<Entry> = [...login, sent(1000, 1, "one", "a"), gave(1010, 1, "b")]

/** Somebody sends `a` again, which the server takes for theft. */
const again = (incarnation: string, at = 3000): ReadonlyArray<Entry> => [
  sent(at, 2, incarnation, "a"),
  refused(at + 10, 2),
  flushed(at + 20, 2, 400)
]

const held = (token: string): Entry => told(9000, "verifier", "Restored", token)

const judge = (...trace: ReadonlyArray<Entry>) => {
  const { orphans, repeated, revoked } = Judge.judge(trace, options)
  return {
    repeated: repeated.map(({ second }) => second.request),
    unexplained: revoked.filter(({ explained }) => explained === undefined).map(({ by }) => by.request),
    explained: revoked.flatMap(({ explained }) => explained ?? []),
    orphans: orphans.map(({ last }) => last.successor)
  }
}

const nothing = { repeated: [], unexplained: [], explained: [], orphans: [] }
const violation = { repeated: [2], unexplained: [2], explained: [], orphans: [] }

describe("Judge", () => {
  it("finds nothing in a session that goes on", () => {
    assert.deepStrictEqual(
      judge(
        ...spent,
        flushed(1020, 1),
        told(1030, "one", "Refreshed", "b"),
        sent(2000, 2, "two", "b"),
        gave(2010, 2, "c"),
        flushed(2020, 2),
        told(2030, "two", "Refreshed", "c"),
        held("c")
      ),
      nothing
    )
  })

  describe("a refresh token that is sent again is a violation", () => {
    it("when its successor was stored, as its sender told", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          flushed(1020, 1),
          told(1030, "one", "Refreshed", "b"),
          killed(1040, "one"),
          ...again("two")
        ),
        violation
      )
    })

    it("when its successor was stored, as somebody who adopted it told, though the reply's receiver was killed", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          flushed(1020, 1),
          killed(1025, "one"),
          told(2000, "three", "Adopted", "b"),
          ...again("two")
        ),
        violation
      )
    })

    it("when its successor had been sent by then", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          flushed(1020, 1),
          killed(1025, "one"),
          sent(2000, 5, "three", "b"),
          flushed(2010, 5, 503),
          ...again("two")
        ),
        violation
      )
    })

    it("when the reply had arrived, and its receiver lives", () => {
      assert.deepStrictEqual(judge(...spent, flushed(1020, 1), ...again("two")), violation)
    })

    it("when the reply was on its way, and its receiver lives", () => {
      assert.deepStrictEqual(judge(...spent, ...again("two", 1015), flushed(1900, 1)), violation)
    })

    it("when its receiver was killed only afterwards", () => {
      assert.deepStrictEqual(
        judge(...spent, flushed(1020, 1), ...again("two"), killed(3500, "one")),
        violation
      )
    })

    it("when its receiver was stopped for so short a time that no lease ran out", () => {
      assert.deepStrictEqual(
        judge(...spent, flushed(1020, 1), halted(1021, 1900, "one"), ...again("two")),
        violation
      )
    })

    it("when its receiver was stopped for long, but before it sent or after the second sending", () => {
      assert.deepStrictEqual(
        judge(...spent, halted(30, 999, "one"), flushed(1020, 1), ...again("two"), halted(3001, 8000, "one")),
        violation
      )
    })

    it("when the process that had the reply sends it itself", () => {
      assert.deepStrictEqual(judge(...spent, flushed(1020, 1), ...again("one")), violation)
    })

    it("when a process that was stopped for long wakes to the reply, and sends it itself all the same", () => {
      assert.deepStrictEqual(
        judge(...spent, flushed(1020, 1), halted(1015, 4000, "one"), ...again("one", 4500)),
        violation
      )
    })

    it("when a process that was stopped for long wakes and sends it, although somebody had stored the successor", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          sent(1000, 1, "one", "a"),
          flushed(1020, 1, 503),
          halted(1030, 5000, "one"),
          sent(3100, 3, "two", "a"),
          gave(3110, 3, "b"),
          flushed(3120, 3),
          told(3130, "two", "Refreshed", "b"),
          ...again("one", 5010)
        ),
        violation
      )
    })

    it("when a process that was stopped for long wakes and only then hands it over, as late as it may arrive", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          halted(900, 4000, "two"),
          sent(3000, 1, "one", "a"),
          gave(3010, 1, "b"),
          flushed(3020, 1),
          told(3030, "one", "Refreshed", "b"),
          sent(4020, 2, "two", "a", 4001),
          refused(4030, 2),
          flushed(4040, 2, 400)
        ),
        violation
      )
    })

    it("when two processes hand it over at a time, and the first one, which runs, is the last to arrive", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          sent(3000, 1, "one", "a", 2995),
          gave(3010, 1, "b"),
          flushed(3020, 1),
          sent(3400, 2, "two", "a", 2990),
          refused(3410, 2),
          flushed(3420, 2, 400)
        ),
        { ...nothing, repeated: [1], unexplained: [2] }
      )
    })

    it("when a living process gave the reply up before it came", () => {
      assert.deepStrictEqual(judge(...spent, abandoned(1015, 1), ...again("two")), violation)
    })

    it("when the server had refused it, and the process that was told so lives", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          lost(1020, 1),
          ...again("one"),
          sent(4000, 3, "two", "a"),
          refused(4010, 3),
          flushed(4020, 3, 400)
        ).repeated,
        [3]
      )
    })
  })

  describe("a refresh token may be sent again", () => {
    const allowed = (because: string) => ({ ...nothing, explained: [because] })

    it("when the reply was lost", () => {
      assert.deepStrictEqual(judge(...spent, lost(1020, 1), ...again("one")), allowed("the reply was lost"))
    })

    it("when the reply was a server error, though the server had acted", () => {
      assert.deepStrictEqual(
        judge(...spent, flushed(1020, 1, 503), ...again("one")),
        allowed("the reply was a server error")
      )
    })

    it("when the server had not acted", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          sent(1000, 1, "one", "a"),
          flushed(1020, 1, 503),
          sent(1300, 2, "one", "a"),
          gave(1310, 2, "b"),
          flushed(1320, 2),
          told(1330, "one", "Refreshed", "b"),
          held("b")
        ),
        nothing
      )
    })

    it("when whoever sent it was killed before the reply", () => {
      assert.deepStrictEqual(
        judge(...spent, killed(1012, "one"), abandoned(1013, 1), ...again("two")),
        allowed("the process was killed before it stored the reply")
      )
    })

    it("when whoever sent it was killed between the reply and the write", () => {
      assert.deepStrictEqual(
        judge(...spent, flushed(1020, 1), killed(1025, "one"), ...again("two")),
        allowed("the process was killed before it stored the reply")
      )
    })

    it("when whoever sent it was stopped for long, and could store nothing afterwards", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          flushed(1020, 1),
          halted(1015, 2500, "one"),
          told(2510, "one", "Refreshed", "b"),
          told(2511, "one", "NotDurable", "b"),
          ...again("two")
        ),
        allowed("the process was stopped for longer than a lease may bear")
      )
    })

    it("when whoever had handed it over was stopped before it was sent, and somebody else spent it meanwhile", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          halted(1001, 4000, "two"),
          sent(3000, 1, "one", "a"),
          gave(3010, 1, "b"),
          flushed(3020, 1),
          told(3030, "one", "Refreshed", "b"),
          sent(4002, 2, "two", "a", 1000),
          refused(4010, 2),
          flushed(4020, 2, 400)
        ),
        allowed("the process was stopped for longer than a lease may bear")
      )
    })
  })

  it("takes halts for one that follow each other without a breath, and for two that do not", () => {
    const halts = (gap: number) => [halted(1015, 1600, "one"), halted(1600 + gap, 2200 + gap, "one")]
    assert.deepStrictEqual(judge(...spent, flushed(1020, 1), ...halts(20), ...again("two")).repeated, [])
    assert.deepStrictEqual(judge(...spent, flushed(1020, 1), ...halts(300), ...again("two")), violation)
  })

  describe("a family", () => {
    it("that the server ends though nothing of it had been sent before counts as revoked", () => {
      assert.deepStrictEqual(
        judge(...login, sent(1000, 1, "one", "a"), refused(1010, 1), flushed(1020, 1, 400)),
        { ...nothing, unexplained: [1] }
      )
    })

    it("counts once, however many of its tokens are refused", () => {
      assert.deepStrictEqual(
        judge(
          ...spent,
          flushed(1020, 1),
          told(1030, "one", "Refreshed", "b"),
          ...again("two"),
          sent(4000, 3, "one", "b"),
          refused(4010, 3),
          flushed(4020, 3, 400)
        ),
        violation
      )
    })

    it("is nobody's if its newest tokens were stored and another session stands there in the end", () => {
      assert.deepStrictEqual(
        judge(
          ...login,
          sent(2000, 1, "two"),
          gave(2010, 1, "x"),
          flushed(2020, 1),
          told(2030, "two", "Issued", "x"),
          held("x")
        ),
        { ...nothing, orphans: ["a"] }
      )
    })

    it("is nobody's if in the end there are older tokens of it", () => {
      assert.deepStrictEqual(judge(...spent, flushed(1020, 1), held("a")), { ...nothing, orphans: ["b"] })
    })

    it("is nobody's if nothing is there in the end", () => {
      assert.deepStrictEqual(judge(...login), { ...nothing, orphans: ["a"] })
    })

    it("is missed by nobody who could have had its newest tokens, if their reply was lost", () => {
      assert.deepStrictEqual(judge(...spent, lost(1020, 1), held("a")), nothing)
    })

    it("is missed by nobody if whoever logged in was killed before the tokens were stored", () => {
      assert.deepStrictEqual(
        judge(
          sent(0, 0, "one"),
          gave(10, 0, "a"),
          flushed(20, 0),
          killed(22, "one"),
          sent(3000, 1, "two"),
          gave(3010, 1, "x"),
          flushed(3020, 1),
          told(3030, "two", "Issued", "x"),
          held("x")
        ),
        nothing
      )
    })

    it("is nobody's if a process that had been stopped began it when it was awake again", () => {
      assert.deepStrictEqual(
        judge(
          halted(0, 3000, "one"),
          sent(3100, 0, "one"),
          gave(3110, 0, "a"),
          flushed(3120, 0),
          told(3130, "one", "Issued", "a"),
          told(3131, "one", "NotDurable", "a"),
          sent(3200, 1, "two"),
          gave(3210, 1, "x"),
          flushed(3220, 1),
          told(3230, "two", "Issued", "x"),
          held("x")
        ),
        { ...nothing, orphans: ["a"] }
      )
    })
  })

  it("counts refreshes, logins beyond the first, adoptions, and kills between a reply and its write", () => {
    const { adoptions, killsBetweenReplyAndWrite, refreshes, relogins } = Judge.judge(
      [
        ...spent,
        flushed(1020, 1),
        killed(1025, "one"),
        ...again("two"),
        sent(3100, 3, "two"),
        gave(3110, 3, "x"),
        flushed(3120, 3),
        told(3130, "two", "Issued", "x"),
        killed(3140, "two"),
        told(3200, "three", "Adopted", "x"),
        told(3200, "four", "Adopted", "x"),
        sent(4000, 4, "three", "x"),
        gave(4010, 4, "y"),
        killed(4015, "three"),
        flushed(4020, 4)
      ],
      options
    )
    assert.deepStrictEqual(
      { adoptions, killsBetweenReplyAndWrite, refreshes, relogins },
      { adoptions: 2, killsBetweenReplyAndWrite: 1, refreshes: 2, relogins: 1 }
    )
  })
})
