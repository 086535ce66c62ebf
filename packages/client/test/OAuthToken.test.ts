import { spawnSync } from "node:child_process"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken } from "@effect-oauth/client"
import {
  Cause,
  DateTime,
  Duration,
  Effect,
  Either,
  Equal,
  FastCheck,
  Option,
  ParseResult,
  Redacted,
  Schema,
  TestClock
} from "effect"

const sentAt = DateTime.unsafeMake("2026-01-01T00:00:00.250Z")
const endOfTime = DateTime.unsafeMake("9999-12-31T23:59:59Z")

const read = (body: unknown) => OAuthToken.fromResponse(body, sentAt)
const readJson = (text: string) => read(JSON.parse(text))
const accepted = (body: unknown) => Either.getOrThrow(read(body))
const refusal = (body: unknown) => Either.getOrThrow(Either.flip(read(body)))

const StoredText = Schema.parseJson(OAuthToken.Stored)
const load = Schema.decodeSync(StoredText)
const save = Schema.encodeSync(StoredText)

const plain = (secret: Option.Option<Redacted.Redacted<string>>) =>
  Option.getOrUndefined(Option.map(secret, Redacted.value))

/** The whole token in clear, in milliseconds, so that two can be compared. */
const reveal = (token: OAuthToken.OAuthToken) => ({
  accessToken: Redacted.value(token.accessToken),
  tokenType: token.tokenType,
  expiresIn: Option.getOrUndefined(Option.map(token.expiresIn, Duration.toMillis)),
  expiry: Option.getOrUndefined(Option.map(token.expiry, DateTime.toEpochMillis)),
  refreshToken: plain(token.refreshToken),
  idToken: plain(token.idToken),
  scope: Option.getOrUndefined(token.scope),
  additionalProperties: Redacted.value(token.additionalProperties)
})

/** Every way in which a value ends up on a screen or in a log. */
const printed = (value: unknown): string =>
  [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    Cause.pretty(Cause.fail(value)),
    Cause.pretty(Cause.die(value))
  ].join("\n")

describe("OAuthToken, wire form (RFC 6749 section 5.1)", () => {
  it("reads the example of the RFC", () => {
    const token = accepted({
      access_token: "2YotnFZFEjr1zCsicMWpAA",
      token_type: "Bearer",
      expires_in: 3600,
      refresh_token: "tGzv3JOkF0XG5Qx2TlKWIA",
      scope: "api file_requests.read",
      id_token: "e30.e30.",
      example_parameter: "example_value"
    })
    assert.deepStrictEqual(reveal(token), {
      accessToken: "2YotnFZFEjr1zCsicMWpAA",
      tokenType: "Bearer",
      expiresIn: 3_600_000,
      expiry: sentAt.epochMillis + 3_600_000,
      refreshToken: "tGzv3JOkF0XG5Qx2TlKWIA",
      idToken: "e30.e30.",
      scope: "api file_requests.read",
      additionalProperties: { example_parameter: "example_value" }
    })
  })

  it("writes what it read, without the expiry, which is no field of the wire", () => {
    const reply = {
      access_token: "a",
      token_type: "bearer",
      expires_in: 3600,
      refresh_token: "r",
      scope: "api",
      id_token: "i",
      tenant: { id: 7 }
    }
    assert.deepStrictEqual(OAuthToken.toResponse(accepted(reply)), reply)
    assert.deepStrictEqual(OAuthToken.toResponse(accepted({ access_token: "a" })), {
      access_token: "a",
      token_type: "Bearer"
    })
  })

  for (const [expiresIn, lifetime] of [
    ['"3600"', 3600],
    ['"3600.5"', 3600.5],
    ["3600.5", 3600.5],
    ["0", 0],
    ["null", undefined],
    ['""', undefined],
    ["absent", undefined]
  ] as const) {
    it(`expires_in ${expiresIn} is a lifetime of ${lifetime ?? "nobody knows how many"} seconds`, () => {
      const field = expiresIn === "absent" ? "" : `,"expires_in":${expiresIn}`
      const { expiresIn: read, expiry } = reveal(
        Either.getOrThrow(readJson(`{"access_token":"a","token_type":"Bearer"${field}}`))
      )
      assert.strictEqual(read, lifetime === undefined ? undefined : lifetime * 1000)
      assert.strictEqual(expiry, lifetime === undefined ? undefined : sentAt.epochMillis + lifetime * 1000)
    })
  }

  for (const expiresIn of ["1e18", "1e400", "9223372036854775807", `"${"9".repeat(400)}"`]) {
    it(`expires_in ${expiresIn.slice(0, 24)} ends with the year 9999`, () => {
      const token = Either.getOrThrow(readJson(`{"access_token":"a","expires_in":${expiresIn}}`))
      assert.strictEqual(reveal(token).expiry, endOfTime.epochMillis)
      assert.strictEqual(OAuthToken.toStored(token).expiry, 253_402_300_799)
      assert.deepStrictEqual(reveal(load(save(token))), reveal(token))
    })
  }

  for (const [expiresIn, message] of [
    ["-5", "expires_in is negative"],
    ['"-5"', "expires_in is a string that is not a number of seconds"],
    ['"1h"', "expires_in is a string that is not a number of seconds"],
    ['"3600abc"', "expires_in is a string that is not a number of seconds"],
    ['"1e3"', "expires_in is a string that is not a number of seconds"],
    ["true", "expires_in is a boolean that is not a number of seconds"],
    ["[]", "expires_in is an array that is not a number of seconds"],
    ["{}", "expires_in is an object that is not a number of seconds"]
  ] as const) {
    it(`expires_in ${expiresIn} is malformed`, () => {
      const result = readJson(`{"access_token":"a","refresh_token":"r","expires_in":${expiresIn}}`)
      const malformed = Either.getOrThrow(Either.flip(result))
      assert.strictEqual(malformed.message, message)
      assert.strictEqual(plain(malformed.refreshToken), "r")
    })
  }

  for (const [tokenType, outcome] of [
    [undefined, "Bearer"],
    [null, "Bearer"],
    ["", "Bearer"],
    ["Bearer", "Bearer"],
    ["bearer", "bearer"],
    ["BEARER", "BEARER"],
    ["mac", "malformed"],
    ["DPoP", "malformed"],
    [5, "malformed"]
  ] as const) {
    it(`token_type ${JSON.stringify(tokenType)} is ${outcome} (section 7.1)`, () => {
      const result = read({ access_token: "a", ...(tokenType !== undefined && { token_type: tokenType }) })
      assert.deepStrictEqual(
        Either.match(result, { onLeft: ({ message }) => message, onRight: (token) => token.tokenType }),
        outcome === "malformed"
          ? "token_type is not Bearer, so the token cannot be used (RFC 6749 section 7.1)"
          : outcome
      )
    })
  }

  for (const [accessToken, message] of [
    [undefined, "access_token is missing"],
    [null, "access_token is null, not a string"],
    ["", "access_token is empty, not a string"],
    [5, "access_token is a number, not a string"],
    [["a"], "access_token is an array, not a string"],
    [{}, "access_token is an object, not a string"],
    ["a\nb", "access_token holds characters that a header cannot carry"],
    ["a\r\nx-evil: 1", "access_token holds characters that a header cannot carry"],
    ["é", "access_token holds characters that a header cannot carry"],
    ["a\u0000", "access_token holds characters that a header cannot carry"]
  ] as const) {
    it(`access_token ${JSON.stringify(accessToken)} is malformed, and the refresh token is not lost`, () => {
      const malformed = refusal({
        refresh_token: "r",
        ...(accessToken !== undefined && { access_token: accessToken })
      })
      assert.strictEqual(malformed._tag, "MalformedToken")
      assert.strictEqual(malformed.message, message)
      assert.strictEqual(plain(malformed.refreshToken), "r")
    })
  }

  for (const [body, what] of [
    [null, "null"],
    [[], "an array"],
    ["x", "a string"],
    ["", "empty"],
    [5, "a number"],
    [true, "a boolean"]
  ] as const) {
    it(`${JSON.stringify(body)} is not a token`, () => {
      assert.strictEqual(refusal(body).message, `it is ${what}, not a JSON object`)
    })
  }

  it("takes refresh_token and id_token that are empty, null or no strings for absent", () => {
    for (const nothing of ["", null, 5, {}]) {
      const token = accepted({ access_token: "a", refresh_token: nothing, id_token: nothing })
      assert.deepStrictEqual([plain(token.refreshToken), plain(token.idToken)], [undefined, undefined])
    }
  })

  it("joins a list of scopes by spaces, and takes what is no scope for absent", () => {
    const scope = (value: unknown) =>
      Option.getOrUndefined(accepted({ access_token: "a", scope: value }).scope)
    assert.strictEqual(scope(["api", "file_requests.read"]), "api file_requests.read")
    for (const nothing of [[], "", null, 5, {}, ["api", 5]]) assert.isUndefined(scope(nothing))
  })

  it("keeps a server's own expiry only where expires_in is absent", () => {
    assert.strictEqual(
      reveal(accepted({ access_token: "a", expiry: 1_893_456_000 })).expiry,
      1_893_456_000_000
    )
    assert.strictEqual(
      reveal(accepted({ access_token: "a", expires_in: 60, expiry: 1_893_456_000 })).expiry,
      sentAt.epochMillis + 60_000
    )
  })

  it("keeps fields called __proto__ and constructor as fields, without touching a prototype", () => {
    const text =
      '{"access_token":"a","token_type":"Bearer","__proto__":{"refresh_token":"evil","polluted":1},"constructor":"c"}'
    const token = Either.getOrThrow(readJson(text))
    assert.isTrue(Option.isNone(token.refreshToken))
    assert.strictEqual(Object.getPrototypeOf(Redacted.value(token.additionalProperties)), Object.prototype)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(OAuthToken.toResponse(token))), JSON.parse(text))
    assert.deepStrictEqual(JSON.parse(save(load(text))), JSON.parse(text))
    assert.isUndefined(Reflect.get({}, "polluted"))
  })

  it("does not take an access token from a field called __proto__", () => {
    assert.strictEqual(
      Either.getOrThrow(Either.flip(readJson('{"__proto__":{"access_token":"evil"}}'))).message,
      "access_token is missing"
    )
  })
})

describe("OAuthToken, stored form", () => {
  const bySeed = `{"access_token": "at", "token_type": "Bearer", "expires_in": 3600, "expiry": 1700000000, "refresh_token": "rt"}`

  it("loads a token that the Python SDK stored", () => {
    assert.deepStrictEqual(reveal(load(bySeed)), {
      accessToken: "at",
      tokenType: "Bearer",
      expiresIn: 3_600_000,
      expiry: 1_700_000_000_000,
      refreshToken: "rt",
      idToken: undefined,
      scope: undefined,
      additionalProperties: {}
    })
  })

  it("has exactly the keys that the Python SDK reads, and whole seconds", () => {
    const stored = JSON.parse(
      save(
        OAuthToken.make({
          accessToken: "at",
          expiresIn: "3600500 millis",
          expiry: 1_700_000_000_999,
          refreshToken: "rt"
        })
      )
    )
    assert.deepStrictEqual(stored, JSON.parse(bySeed))
  })

  it("is read and written by Python's json module", () => {
    const ours = save(
      OAuthToken.make({
        accessToken: "at",
        expiresIn: "3600500 millis",
        expiry: 1_700_000_000_999,
        refreshToken: "rt",
        additionalProperties: { note: "é" }
      })
    )
    const script = [
      "import json, sys",
      "token = json.load(sys.stdin)",
      "types = {'access_token': str, 'token_type': str, 'expires_in': int, 'expiry': int, 'refresh_token': str}",
      "assert all(type(token[name]) is types[name] for name in types), token",
      "token['expiry'] += 60",
      "json.dump(token, sys.stdout)"
    ].join("\n")
    const python = spawnSync("python3", ["-c", script], { input: ours, encoding: "utf8" })
    // Where there is no Python: what its json module writes for this token.
    const theirs =
      python.error === undefined
        ? python.stdout
        : '{"note": "\\u00e9", "access_token": "at", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt", "expiry": 1700000060}'
    assert.strictEqual(python.stderr ?? "", "")
    assert.deepStrictEqual(JSON.parse(theirs), { ...JSON.parse(ours), expiry: 1_700_000_060 })
    assert.deepStrictEqual(reveal(load(theirs)), { ...reveal(load(ours)), expiry: 1_700_000_060_000 })
  })

  it("does not count a lifetime anew when it is loaded, even without an expiry", () => {
    assert.isUndefined(reveal(load('{"access_token":"a","expires_in":3600}')).expiry)
  })

  it("reads an expiry written as a string, and refuses an illegible one", () => {
    assert.strictEqual(reveal(load('{"access_token":"a","expiry":"1700000000"}')).expiry, 1_700_000_000_000)
    for (const expiry of ["tomorrow", -1, true, {}]) {
      const result = OAuthToken.fromStored({ access_token: "a", refresh_token: "r", expiry })
      const malformed = Either.getOrThrow(Either.flip(result))
      assert.strictEqual(malformed.message, "expiry is not a number of seconds since 1970")
      assert.strictEqual(plain(malformed.refreshToken), "r")
    }
  })

  it("tells nothing stored from something that is not a token", () => {
    for (const nothing of [undefined, null]) {
      assert.isTrue(Option.isNone(Either.getOrThrow(OAuthToken.fromStored(nothing))))
    }
    for (const defective of ["", {}, []]) assert.isTrue(Either.isLeft(OAuthToken.fromStored(defective)))
  })

  it("makes equal tokens of equal texts", () => {
    const text = '{"access_token":"a","token_type":"Bearer","expiry":1700000000,"refresh_token":"r"}'
    assert.isTrue(Equal.equals(load(text), load(text)))
    assert.isFalse(Equal.equals(load(text), load(text.replace('"r"', '"s"'))))
  })
})

describe("OAuthToken.StoredJson", () => {
  it.effect("writes the stored form as a text, and reads it", () =>
    Effect.gen(function* () {
      const text = yield* Schema.encode(OAuthToken.StoredJson)(
        OAuthToken.make({ accessToken: "a", expiry: 1_700_000_000_999 })
      )
      assert.deepStrictEqual(JSON.parse(text), {
        access_token: "a",
        token_type: "Bearer",
        expiry: 1_700_000_000
      })
      const token = yield* Schema.decode(OAuthToken.StoredJson)(text)
      assert.strictEqual(Redacted.value(token.accessToken), "a")
      assert.strictEqual(Option.getOrThrow(token.expiry).epochMillis, 1_700_000_000_000)
    })
  )

  for (const text of [`{"access_token":"marker`, `marker`, `["marker"]`, `{"refresh_token":"marker"}`, ""]) {
    it.effect(`does not quote ${JSON.stringify(text)}, which it cannot read`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Schema.decode(OAuthToken.StoredJson)(text))
        assert.include(error.message, "not a stored token")
        assert.notInclude(error.message + inspect(error) + JSON.stringify(error), "marker")
      })
    )
  }
})

describe("OAuthToken, expiry by the Clock", () => {
  it.effect("begins to count when the request is sent", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      const sent = yield* DateTime.now
      yield* TestClock.adjust("10 seconds")
      const token = Either.getOrThrow(OAuthToken.fromResponse({ access_token: "a", expires_in: 60 }, sent))
      assert.strictEqual(reveal(token).expiry, 1_700_000_060_000)
    })
  )

  it.effect("is over at the very instant of the expiry, and not a millisecond before", () =>
    Effect.gen(function* () {
      const token = yield* OAuthToken.issue({ accessToken: "a", expiresIn: "60 seconds" })
      yield* TestClock.setTime(59_999)
      assert.isFalse(yield* OAuthToken.isExpired(token))
      yield* TestClock.setTime(60_000)
      assert.isTrue(yield* OAuthToken.isExpired(token))
      yield* TestClock.setTime(60_001)
      assert.isTrue(yield* OAuthToken.isExpired(token))
    })
  )

  it.effect("is over by the leeway earlier", () =>
    Effect.gen(function* () {
      const token = yield* OAuthToken.issue({ accessToken: "a", expiresIn: "1 hour" })
      yield* TestClock.setTime(3_569_999)
      assert.isFalse(yield* OAuthToken.isExpired(token, { leeway: "30 seconds" }))
      yield* TestClock.setTime(3_570_000)
      assert.isTrue(yield* OAuthToken.isExpired(token, { leeway: "30 seconds" }))
      assert.isFalse(yield* OAuthToken.isExpired(token))
    })
  )

  it.effect("caps the leeway at a tenth of the lifetime, so that no token is stale at birth", () =>
    Effect.gen(function* () {
      const token = yield* OAuthToken.issue({ accessToken: "a", expiresIn: "30 seconds" })
      yield* TestClock.setTime(26_999)
      assert.isFalse(yield* OAuthToken.isExpired(token, { leeway: "60 seconds" }))
      yield* TestClock.setTime(27_000)
      assert.isTrue(yield* OAuthToken.isExpired(token, { leeway: "60 seconds" }))
    })
  )

  it("takes the leeway as it is where the lifetime is unknown", () => {
    const token = OAuthToken.make({ accessToken: "a", expiry: 100_000 })
    assert.isFalse(OAuthToken.isExpiredAt(token, DateTime.unsafeMake(39_999), "60 seconds"))
    assert.isTrue(OAuthToken.isExpiredAt(token, DateTime.unsafeMake(40_000), "60 seconds"))
  })

  it("never comes for a token whose expiry nobody knows", () => {
    assert.isFalse(OAuthToken.isExpiredAt(OAuthToken.make({ accessToken: "a" }), endOfTime, "60 seconds"))
  })

  it("has come at once for a lifetime of 0", () => {
    assert.isTrue(OAuthToken.isExpiredAt(accepted({ access_token: "a", expires_in: 0 }), sentAt))
  })
})

describe("OAuthToken.succeeding (RFC 6749 section 6)", () => {
  const previous = OAuthToken.make({
    accessToken: "a1",
    refreshToken: "r1",
    idToken: "i1",
    scope: "api",
    expiry: 1000,
    additionalProperties: { old: true }
  })

  it("keeps refresh token, scope and id_token where the reply has none, and nothing else", () => {
    const token = OAuthToken.succeeding(previous, accepted({ access_token: "a2" }))
    assert.deepStrictEqual(reveal(token), {
      ...reveal(accepted({ access_token: "a2" })),
      refreshToken: "r1",
      idToken: "i1",
      scope: "api"
    })
  })

  it("takes what the reply has", () => {
    const reply = accepted({ access_token: "a2", refresh_token: "r2", id_token: "i2", scope: "less" })
    assert.deepStrictEqual(reveal(OAuthToken.succeeding(previous, reply)), reveal(reply))
  })

  it("keeps the refresh token for a reply whose refresh_token is empty", () => {
    const reply = accepted({ access_token: "a2", refresh_token: "" })
    assert.strictEqual(plain(OAuthToken.succeeding(previous, reply).refreshToken), "r1")
  })
})

describe("OAuthToken, secrets", () => {
  const secrets = {
    access_token: "marker-access",
    refresh_token: "marker-refresh",
    id_token: "marker-id",
    server_secret: { deep: ["marker-additional"] }
  }

  const isClean = (text: string) => assert.notInclude(text, "marker")

  it("are not in what a token prints as", () => {
    const token = accepted(secrets)
    isClean(printed(token))
    isClean(printed({ nested: [Option.some(token)] }))
    isClean(`${token}`)
  })

  it("are not in the message of a failed comparison", () => {
    const token = accepted(secrets)
    const other = accepted({ ...secrets, access_token: "marker-other" })
    assert.isFalse(Equal.equals(token, other))
    const error = Either.getOrThrow(Either.flip(Either.try(() => assert.strictEqual(token, other))))
    assert.instanceOf(error, Error)
    isClean(printed(error))
  })

  for (const [defect, message] of [
    [{ access_token: undefined }, "access_token is missing"],
    [{ access_token: ["marker"] }, "access_token is an array"],
    [{ access_token: "marker\n" }, "access_token holds characters"],
    [{ token_type: "marker" }, "token_type is not Bearer"],
    [{ expires_in: "marker" }, "expires_in is a string"],
    [{ expires_in: ["marker"] }, "expires_in is an array"],
    [{ expiry: "marker" }, "expiry is not a number"]
  ] as const) {
    it(`are not in the error of a stored token that cannot be decoded: ${message}`, () => {
      const stored = JSON.stringify({ ...secrets, ...defect })
      for (const error of [
        Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(OAuthToken.Stored)(JSON.parse(stored)))),
        Either.getOrThrow(Either.flip(Schema.decodeEither(StoredText)(stored)))
      ]) {
        assert.include(error.message, `not a stored token: ${message}`)
        isClean(printed(error))
        isClean(ParseResult.TreeFormatter.formatErrorSync(error))
        isClean(JSON.stringify(ParseResult.ArrayFormatter.formatErrorSync(error)))
      }
      isClean(printed(refusal(JSON.parse(stored))))
    })
  }

  it("are not in the error of a stored value that is no object", () => {
    for (const stored of ["marker", ["marker"]]) {
      const error = Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(OAuthToken.Stored)(stored)))
      isClean(printed(error))
    }
  })

  it("are written in clear by the two functions that are for that", () => {
    const token = accepted(secrets)
    assert.deepInclude(OAuthToken.toResponse(token), secrets)
    assert.deepInclude(JSON.parse(save(token)), secrets)
  })
})

describe("OAuthToken, properties", () => {
  const knownFields = [
    "access_token",
    "token_type",
    "expires_in",
    "expiry",
    "refresh_token",
    "id_token",
    "scope"
  ] as const

  const sendable = FastCheck.stringMatching(/^[\x20-\x7e]{1,40}$/)
  const text = FastCheck.string({ minLength: 1 })
  const bearer = FastCheck.constantFrom("Bearer", "bearer", "BEARER")
  const others = FastCheck.dictionary(
    FastCheck.oneof(
      FastCheck.string(),
      FastCheck.constantFrom("__proto__", "constructor", "toString")
    ).filter((name) => !knownFields.some((known) => known === name)),
    FastCheck.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))),
    { maxKeys: 4 }
  )
  const maybe = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.option(arbitrary, { nil: undefined })

  const token = FastCheck.record({
    accessToken: sendable,
    tokenType: bearer,
    expiresIn: maybe(FastCheck.nat({ max: 2 ** 31 - 1 }).map(Duration.millis)),
    expiry: maybe(FastCheck.nat({ max: endOfTime.epochMillis })),
    refreshToken: maybe(text),
    idToken: maybe(text),
    scope: maybe(text),
    additionalProperties: others
  }).map(OAuthToken.make)

  const floored = (milliseconds: number | undefined) =>
    milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000) * 1000

  it.prop(
    "a token that is stored and loaded is the same, its times cut down to the second",
    { token },
    ({ token }) => {
      const before = reveal(token)
      assert.deepStrictEqual(reveal(load(save(token))), {
        ...before,
        expiresIn: floored(before.expiresIn),
        expiry: floored(before.expiry)
      })
    }
  )

  const reply = FastCheck.record(
    {
      access_token: sendable,
      token_type: FastCheck.oneof(bearer, FastCheck.constantFrom(null, "")),
      expires_in: FastCheck.oneof(
        FastCheck.nat(),
        FastCheck.nat().map(String),
        FastCheck.constantFrom(null, "", 0, 1e18)
      ),
      refresh_token: FastCheck.oneof(text, FastCheck.constantFrom(null, "")),
      id_token: text,
      scope: FastCheck.oneof(text, FastCheck.array(text))
    },
    { requiredKeys: ["access_token"] }
  )

  it.prop("a valid reply survives being written and read again", { others, reply }, ({ others, reply }) => {
    const token = accepted({ ...others, ...reply })
    const again = accepted(JSON.parse(JSON.stringify(OAuthToken.toResponse(token))))
    assert.deepStrictEqual(reveal(again), reveal(token))
  })

  const marker = "«marker»"

  /** The same JSON, each of its texts recognisable. */
  const marked = (value: unknown): unknown => {
    if (typeof value === "string") return value === "" ? "" : marker + value
    if (Array.isArray(value)) return value.map(marked)
    return typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, marked(member)]))
      : value
  }

  const anyJson = FastCheck.jsonValue().map(marked)
  const nearlyAToken = FastCheck.record(
    Object.fromEntries(
      knownFields.map((name) => [
        name,
        FastCheck.oneof(anyJson, FastCheck.constantFrom("a", "Bearer", "3600", 3600, -1, null, ""))
      ])
    ),
    { requiredKeys: [] }
  )

  it.prop(
    "any JSON is a token with an access token, or an error that repeats nothing of it",
    { body: FastCheck.oneof(anyJson, { arbitrary: nearlyAToken, weight: 4 }) },
    ({ body }) =>
      Either.match(read(body), {
        onLeft: (malformed) => assert.notInclude(printed(malformed), marker),
        onRight: (token) => {
          assert.isObject(body)
          assert.strictEqual(Redacted.value(token.accessToken), Reflect.get(Object(body), "access_token"))
          assert.isNotEmpty(Redacted.value(token.accessToken))
        }
      }),
    { fastCheck: { numRuns: 500 } }
  )
})
