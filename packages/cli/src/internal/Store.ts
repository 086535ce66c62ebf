import { homedir } from "node:os"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { config, type UsageError, usage } from "./Failure.js"
import * as Places from "./Places.js"

/** Where sessions are kept. */
export type Place =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "libsql" | "postgres" | "redis"
      readonly url: Redacted.Redacted<string>
      readonly shown: string
    }

export interface Store {
  readonly place: Place
  /** The place without anything secret. */
  readonly shown: string
  /** Makes the table in a database if need be, where it was made with `migrate`. */
  readonly layer: Layer.Layer<
    TokenStore.TokenStore,
    UsageError | TokenStoreError,
    FileSystem.FileSystem | Path.Path
  >
}

const kinds: Readonly<Record<string, "libsql" | "postgres" | "redis">> = {
  libsql: "libsql",
  postgres: "postgres",
  postgresql: "postgres",
  redis: "redis",
  rediss: "redis"
}

const available =
  "There are file:PATH, sqlite:PATH, libsql://HOST, postgres://USER@HOST/DATABASE, redis://HOST and rediss://HOST."

/** A URL that is known to be one, without what may be secret: a query can hold a token or a password, too. */
export const withoutSecrets = (store: string): string => {
  const url = new URL(store)
  const user = url.username === "" ? "" : `${url.username}@`
  return `${url.protocol}//${user}${url.host}${url.pathname}`
}

/** Whether the URL of a store holds what must not be in a file that nobody asked to hold it. */
export const holdsSecret = (store: string): boolean => {
  if (!URL.canParse(store)) return false
  const { password, searchParams } = new URL(store)
  return (
    password !== "" || Array.from(searchParams.keys()).some((name) => /pass|pwd|secret|token|key/i.test(name))
  )
}

/** Whether the URL of a store may be kept in the configuration file. */
export const checkKept = (store: string, saveSecrets: boolean): Effect.Effect<void, UsageError> =>
  holdsSecret(store) && !saveSecrets
    ? Effect.fail(
        usage(
          "The store's URL holds a password, which is not written to the configuration file unless you say so.",
          "Set EFFECT_OAUTH_STORE instead, or add --save-secrets."
        )
      )
    : Effect.void

const filePath = (rest: string): Effect.Effect<string, UsageError, Path.Path> =>
  Effect.flatMap(Path.Path, ({ join, resolve }) => {
    if (rest.startsWith("~/")) return Effect.succeed(join(homedir(), rest.slice(2)))
    if (!rest.startsWith("//")) return Effect.succeed(resolve(rest))
    return Effect.try({
      try: () => fileURLToPath(`file:${rest}`),
      catch: () => config("The store names a file on another machine.", "Write file:PATH or file:///PATH.")
    })
  })

/** Understands the URL of a store. What cannot be understood is not repeated: it may hold a password. */
export const parse = (store: string): Effect.Effect<Place, UsageError, Path.Path> => {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(store) ?? []
  const name = scheme.toLowerCase()
  if (name === "") {
    return Effect.fail(config("The store is not a URL.", `For a file write file:PATH. ${available}`))
  }
  if (name === "file" || name === "sqlite") {
    if (rest === "") return Effect.fail(config(`The store ${name}: names no file.`, available))
    return Effect.map(filePath(rest), (path) => ({ kind: name, path }))
  }
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) {
    return Effect.fail(config(`There is no store of the kind ${name}:.`, available))
  }
  if (!URL.canParse(store) || new URL(store).host === "") {
    return Effect.fail(config(`The store ${name}: is not a URL with a host.`, available))
  }
  return Effect.succeed({ kind, url: Redacted.make(store), shown: withoutSecrets(store) })
}

const show = (place: Place): string =>
  place.kind === "file" || place.kind === "sqlite" ? `${place.kind}:${place.path}` : place.shown

const unavailable = (shown: string) => (failure: unknown) =>
  TokenStoreError.unavailable("lease", `The store ${shown} could not be opened.`, failure)

// The drivers are loaded when a store needs them: most runs need none.
const layerOf = (place: Place, migrate: boolean): Store["layer"] => {
  const shown = show(place)
  const loaded = <A, E>(
    load: () => Promise<A>,
    use: (module: A) => Layer.Layer<TokenStore.TokenStore, E>
  ): Store["layer"] =>
    Effect.tryPromise({ try: load, catch: unavailable(shown) }).pipe(
      Effect.map(use),
      Layer.unwrapEffect,
      Layer.catchAll((failure) => Layer.fail(opened(shown, failure)))
    )
  switch (place.kind) {
    case "file":
      return TokenStore.layerFile(place.path)
    case "sqlite":
      return Layer.unwrapEffect(
        Effect.as(
          makeFolder(place.path),
          loaded(
            () => import("./sqlStores.js"),
            ({ libsql }) => libsql(Redacted.make(`file:${place.path}`), { migrate })
          )
        )
      )
    case "libsql":
      return loaded(
        () => import("./sqlStores.js"),
        ({ libsql }) => libsql(place.url, { migrate })
      )
    case "postgres":
      return loaded(
        () => import("./sqlStores.js"),
        ({ postgres }) => postgres(place.url, { migrate })
      )
    case "redis":
      return loaded(
        () => import("@effect-oauth/store-redis/RedisTokenStore"),
        ({ layer }) => layer({ url: place.url })
      )
  }
}

const makeFolder = (file: string): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { dirname } = yield* Path.Path
    yield* Effect.ignore(fs.makeDirectory(dirname(file), { recursive: true, mode: 0o700 }))
  })

// A store that would send a password where it can be read on the way says so in its own words.
const opened = (shown: string, failure: unknown): UsageError | TokenStoreError => {
  if (failure instanceof TokenStoreError) return failure
  return failure instanceof AuthValidationException
    ? config(failure.message, "Look at the store of the profile: effect-oauth profile show")
    : unavailable(shown)(failure)
}

/** The store of a profile: the one that its URL names, or a file of its own. */
export const make = (
  profile: string,
  store: string | undefined,
  options: { readonly migrate: boolean }
): Effect.Effect<Store, UsageError, Path.Path> =>
  Effect.gen(function* () {
    const place: Place =
      store === undefined ? { kind: "file", path: yield* Places.sessionFile(profile) } : yield* parse(store)
    return { place, shown: show(place), layer: layerOf(place, options.migrate) }
  })
