/** Writes the OpenAPI document of the MultiAuth-Sample API, as its declaration has it. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { openApiDocument } from "multiauthsample"
import { main, step } from "./report.js"
import { root } from "./workspace.js"

const path = "docs/multiauthsample/openapi.json"

await main(() =>
  step(`write ${path}`, async () => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${JSON.stringify(openApiDocument(), null, 2)}\n`)
  })
)
