import * as Terminal from "@effect/platform/Terminal"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { variable } from "./Environment.js"

const written = (text: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    process.stderr.write(text, () => resume(Effect.void))
  })

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is to be taken out.
const colours = /\u001b\[[0-9;]*m/g

/** The terminal that prompts are shown on: the standard error, as the standard output is for results. */
export const layer: Layer.Layer<Terminal.Terminal> = Layer.effect(
  Terminal.Terminal,
  Effect.zipWith(Terminal.Terminal, variable("NO_COLOR"), (terminal, noColour) =>
    Terminal.Terminal.of({
      ...terminal,
      columns: Effect.sync(() => process.stderr.columns ?? 80),
      rows: Effect.sync(() => process.stderr.rows ?? 24),
      isTTY: Effect.sync(() => process.stderr.isTTY === true),
      display: (text) =>
        Effect.uninterruptible(written(Option.isSome(noColour) ? text.replace(colours, "") : text))
    })
  )
).pipe(Layer.provide(NodeTerminal.layer))
