import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Playwright from "playwright-core"
import type { Installation } from "./Installation.js"
import { isProgram, onPath } from "./internal/programs.js"
import { LoopbackServerError } from "./LoopbackServerError.js"

/** A headless Chromium of this machine. What is not on this machine it cannot reach. */
export interface Service {
  readonly version: string
  /** A new window of somebody who was never here before: no cookie and no cache of another page. */
  readonly page: Effect.Effect<Page, BrowserError, Scope.Scope>
}

/** One window. It is closed with the scope that it was opened in. */
export interface Page {
  /**
   * Does something with the window. Whatever takes longer than ten seconds fails.
   *
   * ```ts
   * page.use((window) => window.getByRole("button", { name: "Sign-in" }).click())
   * ```
   */
  readonly use: <A>(f: (window: Playwright.Page) => Promise<A>) => Effect.Effect<A, BrowserError>
  /** Goes to an address, and waits until the page is loaded, whatever its status. */
  readonly goto: (url: string) => Effect.Effect<void, BrowserError>
  /** What a person reads there. */
  readonly text: Effect.Effect<string, BrowserError>
  /** What a developer reads in the console so far: errors of scripts, and what the page may not do or cannot load. */
  readonly problems: Effect.Effect<ReadonlyArray<string>>
}

/** The browser did not do what it was told. `cause` is what Playwright says. */
export class BrowserError extends Data.TaggedError("BrowserError")<{ readonly cause: unknown }> {
  override get message(): string {
    return stripVTControlCharacters(this.cause instanceof Error ? this.cause.message : String(this.cause))
  }
}

/** What {@link make} can be told. */
export interface Options {
  /** What the person prefers. Default: `light`. */
  readonly colorScheme?: "light" | "dark" | undefined
  /** Whether pages may run scripts. Default: true. */
  readonly javaScript?: boolean | undefined
}

/** One browser that many share. */
export class Chromium extends Context.Tag("@effect-oauth/loopback-servers/Chromium")<Chromium, Service>() {}

/**
 * Where Chromium is: what the environment variable `EFFECT_OAUTH_CHROMIUM` names, or else `chromium`,
 * `chromium-browser` or `google-chrome` on the `PATH`.
 */
export const installation: Installation = {
  server: "Chromium",
  program: "chromium",
  where: Effect.sync(() => {
    const named = process.env["EFFECT_OAUTH_CHROMIUM"] ?? ""
    return Option.fromNullable((named === "" ? programs.flatMap(onPath) : [named].filter(isProgram))[0])
  })
}

/** Whether {@link make} has what it needs. */
export const isInstalled: Effect.Effect<boolean> = Effect.map(installation.where, Option.isSome)

/** Starts a browser with a home of its own, which is gone when the scope closes. */
export const make = (options: Options = {}): Effect.Effect<Service, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const executablePath = yield* Effect.flatMap(
      installation.where,
      Effect.mapError(() => new LoopbackServerError({ server: "Chromium", cause: "chromium was not found" }))
    )
    const home = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "effect-oauth-"))),
      // The last of its processes may still be writing.
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
    )
    const browser = yield* Effect.acquireRelease(launch(executablePath, home), (browser) =>
      Effect.promise(() => browser.close())
    )
    const context = {
      colorScheme: options.colorScheme ?? "light",
      javaScriptEnabled: options.javaScript ?? true
    }
    return {
      version: browser.version(),
      page: Effect.acquireRelease(
        attempt(() => browser.newContext(context)),
        (context) => Effect.promise(() => context.close())
      ).pipe(
        Effect.flatMap((context) => attempt(() => context.newPage())),
        Effect.map(watched)
      )
    }
  })

/** {@link make} as a layer. */
export const layer = (options: Options = {}): Layer.Layer<Chromium, LoopbackServerError> =>
  Layer.scoped(Chromium, make(options))

const programs = ["chromium", "chromium-browser", "google-chrome"]

const patience = 10_000

const attempt = <A>(f: () => Promise<A>): Effect.Effect<A, BrowserError> =>
  Effect.tryPromise({ try: f, catch: (cause) => new BrowserError({ cause }) })

const launch = (
  executablePath: string,
  home: string
): Effect.Effect<Playwright.Browser, LoopbackServerError> =>
  Effect.tryPromise({
    try: async () => {
      // Whoever needs another server only does not wait for this package to load.
      const { chromium } = await import("playwright-core")
      return chromium.launch({
        executablePath,
        args: [...flags],
        // Neither the settings of whoever runs this nor a trace in their home.
        env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }
      })
    },
    catch: (cause) => new LoopbackServerError({ server: "Chromium", cause })
  })

/** Root cannot have the sandbox, and a container has little shared memory and no graphics. */
const flags = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  // What is not on this machine is behind a proxy, which would look up the names, too; and there is none.
  "--proxy-server=http://127.0.0.1:9"
]

const watched = (window: Playwright.Page): Page => {
  const problems: Array<string> = []
  window.setDefaultTimeout(patience)
  window.setDefaultNavigationTimeout(patience)
  window.on("pageerror", (error) => problems.push(error.message))
  window.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text())
  })
  const use: Page["use"] = (f) => attempt(() => f(window))
  return {
    use,
    goto: (url) => Effect.asVoid(use((window) => window.goto(url))),
    text: use((window) => window.innerText("body")),
    problems: Effect.sync(() => [...problems])
  }
}
