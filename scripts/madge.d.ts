declare module "madge" {
  interface Graph {
    readonly circular: () => ReadonlyArray<ReadonlyArray<string>>
  }
  interface Options {
    readonly baseDir: string
    readonly fileExtensions: ReadonlyArray<string>
    readonly tsConfig: string
    readonly detectiveOptions: { readonly ts: { readonly skipTypeImports: boolean } }
  }
  export default function madge(paths: ReadonlyArray<string>, options: Options): Promise<Graph>
}
