/** The files of minijinja-js for bundlers: the module, and the classes that take an instance of it. */

declare module "minijinja-js/dist/bundler/minijinja_js_bg.wasm" {
  /** The path of the file, which is inside the executable in a compiled program. */
  const path: string;
  export default path;
}

declare module "minijinja-js/dist/bundler/minijinja_js_bg.js" {
  /** Sets the instance that the classes of this file use. */
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;

  /** Templates, and what they are rendered with. */
  export class Environment {
    fuel: number | undefined;
    addTemplate(name: string, source: string): void;
    renderTemplate(name: string, variables: object): string;
    addFilter(name: string, filter: (...args: never[]) => unknown): void;
    removeGlobal(name: string): void;
    free(): void;
    __destroy_into_raw(): number;
  }
}
