/** A WebAssembly module as a file: its path, which is inside the executable in a compiled program. */
declare module "*.wasm" {
  const path: string;
  export default path;
}
