import { it } from "@effect/vitest"

it.todo("serves the API")
