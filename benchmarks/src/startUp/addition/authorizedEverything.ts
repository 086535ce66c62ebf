import * as platform from "@effect/platform"
import * as effect from "effect"
import { Authorized } from "./Authorized.js"

process.stdout.write(String([effect, platform, Authorized]))
