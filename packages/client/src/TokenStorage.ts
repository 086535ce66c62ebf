/**
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as fileStorage from "./internal/fileStorage.js"
import { sealing as makeSealing } from "./internal/sealing.js"
import { sha256Hex } from "./internal/sha256.js"
import type { TokenStoreError } from "./TokenStoreError.js"

/**
 * What a kind of storage has to do so that processes share sessions in it: keep a text under a key, and a lease on
 * the key that ends by itself. `TokenStore.layerStorage` makes a store of it. What the texts hold is not its concern.
 *
 * A lease is the exclusive right to replace the text. Its holder goes by a name that is used once. Every operation of
 * a holder whose lease has passed to somebody else must fail to have an effect: that check and the effect are one step.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenStorage {
  /** Names the place of a key at the beginning of a message, such as `The session file /srv/session.json`. */
  readonly describe: (key: string) => Effect.Effect<string>
  /**
   * Whether a session that was ended leaves a mark, so that a storage which lost its data is told apart. If false,
   * a session is removed when it ends, and nothing being there means that it was ended.
   */
  readonly marksEnd: boolean
  /** How long a lease lasts that is not renewed. A living holder renews it three times within that. */
  readonly leaseDuration: Duration.Duration
  /** How texts are sealed before they are stored, and opened when they are read. See `encrypted`. */
  readonly sealing?: Sealing | undefined
  /** What is stored, whoever has the lease. */
  readonly read: (key: string) => Effect.Effect<Option.Option<string>, TokenStoreError>
  /**
   * Takes the lease if it is free or has run out, and reads the text under it: `None` if somebody else has it. It is
   * tried again and again, so it does not wait. It fails where it can know that `replace` would.
   */
  readonly acquire: (
    key: string,
    holder: string
  ) => Effect.Effect<Option.Option<{ readonly text: Option.Option<string> }>, TokenStoreError>
  /** Prolongs the lease: false if it is lost. */
  readonly renew: (key: string, holder: string) => Effect.Effect<boolean, TokenStoreError>
  /**
   * Replaces the text, or removes it, atomically and durably: false, and nothing is changed, if the lease is lost. The
   * lease may end by it. What is not needed after `endsAt` may be forgotten then.
   */
  readonly replace: (
    key: string,
    holder: string,
    text: Option.Option<string>,
    endsAt: Option.Option<DateTime.Utc>
  ) => Effect.Effect<boolean, TokenStoreError>
  /** Keeps a text that cannot be read in a place of its own, and says where: `None` if the lease is lost. */
  readonly setAside: (key: string, holder: string) => Effect.Effect<Option.Option<string>, TokenStoreError>
  /** Gives the lease back, if it is still this holder's. */
  readonly release: (key: string, holder: string) => Effect.Effect<void, TokenStoreError>
}

/**
 * What makes a text illegible to those who can only read the storage, and legible again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sealing {
  readonly seal: (key: string, text: string) => Effect.Effect<string, TokenStoreError>
  /** Fails with `Sealed` if none of the keys opens the text. */
  readonly open: (key: string, text: string) => Effect.Effect<string, TokenStoreError>
}

/**
 * A key that sessions are sealed with.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncryptionKey {
  /** Stands beside what was sealed with the key, in clear, so that keys can change. */
  readonly id: string
  /** 32 random bytes as Base64 or Base64url: `openssl rand -base64 32`. */
  readonly secret: Redacted.Redacted<string>
}

/**
 * The keys that there are.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncryptionOptions {
  /** What is stored from now on is sealed with this one. */
  readonly current: EncryptionKey
  /** What was sealed with these is still opened, and sealed with the current one at the next write. */
  readonly previous?: ReadonlyArray<EncryptionKey> | undefined
  /**
   * Whether sessions that are stored in clear are read, too: for the time in which a storage becomes an encrypted one.
   * Default: false.
   */
  readonly acceptPlain?: boolean | undefined
}

/**
 * Seals what a storage keeps: with AES-256-GCM, as the compact JWE of RFC 7516 (`dir`, `A256GCM`), which names the key
 * and is bound to the session's key, so that a sealed session cannot stand in for another. What no key opens fails
 * with `Sealed`, and stays as it is. Fails so at once if a key is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7516
 * @example
 * ```ts
 * import { TokenStorage, TokenStore } from "@effect-oauth/client"
 * import { Config, Effect } from "effect"
 *
 * const Store = TokenStore.layerStorage(
 *   Effect.gen(function* () {
 *     const current = { id: "2026-11", secret: yield* Config.redacted("SESSION_KEY") }
 *     return yield* TokenStorage.file("session.json").pipe(TokenStorage.encrypted({ current }))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const encrypted =
  (options: EncryptionOptions) =>
  <E, R>(storage: Effect.Effect<TokenStorage, E, R>): Effect.Effect<TokenStorage, E | TokenStoreError, R> =>
    Effect.flatMap(storage, (plain) =>
      Effect.map(makeSealing(plain.describe, options), (sealing) => ({ ...plain, sealing }))
    )

/**
 * How session files are kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileOptions {
  /**
   * How long the lease of a process lasts that no longer renews it, because it was killed. Default: 10 seconds. Longer
   * than a living process is ever kept from its timers.
   */
  readonly leaseDuration?: Duration.DurationInput | undefined
}

/**
 * Keeps one session in a file: readable by its owner only (0600), replaced atomically and durably. Folders on the way
 * are made. A relative path starts where the process was when the storage was made; of a symbolic link the target is
 * replaced. A place that cannot be written, and a disk that is full, fail before a token is spent.
 *
 * Any number of processes on machines that share the file system share the session. Their lease is a folder beside
 * the file, `.session.json.lease`, which is empty while nobody has it, and can be removed while nothing runs. The lease
 * of a process that was killed is taken over once it was seen unchanged for `leaseDuration`. That no two clocks are
 * compared, and no process is asked whether it lives, is on purpose: neither says anything across machines and
 * containers. What others write into the file who know nothing of leases is seen right before it is replaced, and then
 * left as it is. Windows cannot rename a folder to one that exists: there a second lease is never had.
 *
 * @since 0.1.0
 * @category constructors
 */
export const file = (
  path: string,
  options?: FileOptions
): Effect.Effect<TokenStorage, never, FileSystem.FileSystem | Path.Path> =>
  fileStorage.make(() => Effect.succeed(path), options)

/**
 * Keeps each session in a file of its own within a folder, named after a hash of the key; otherwise as `file`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const directory = (
  path: string,
  options?: FileOptions
): Effect.Effect<TokenStorage, never, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(Path.Path, ({ join }) =>
    fileStorage.make((key) => Effect.map(sha256Hex(key), (hash) => join(path, `${hash}.json`)), options)
  )
