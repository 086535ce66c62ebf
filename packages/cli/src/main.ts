#!/usr/bin/env node
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cli from "./Cli.js"
import * as ExitCode from "./ExitCode.js"
import * as PromptTerminal from "./internal/PromptTerminal.js"

// A reader that goes away, such as `head`, is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)

Cli.run(process.argv.slice(2), process).pipe(
  Effect.provide([NodeFileSystem.layer, NodePath.layer, PromptTerminal.layer]),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, end) =>
      end(Exit.isSuccess(exit) && typeof exit.value === "number" ? exit.value : ExitCode.interrupted)
  })
)
