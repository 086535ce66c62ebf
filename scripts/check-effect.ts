/** The Effect language service's findings in the packages that are published: any is a failure. */
import { runOrFail } from "./command.js"
import { Failure, main, step } from "./report.js"
import { publishedPackages } from "./workspace.js"

await main(async () => {
  for (const { folder } of publishedPackages) {
    await step(`Effect diagnostics of ${folder}`, async () => {
      const project = `${folder}/tsconfig.json`
      const output = await runOrFail("effect-language-service", ["diagnostics", "--project", project])
      if (!/^0 errors, 0 warnings/m.test(output)) throw new Failure(output)
    })
  }
})
