import * as platform from "@effect/platform"
import * as effect from "effect"

process.stdout.write(String([effect, platform]))
