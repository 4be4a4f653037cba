/**
 * Python files are imported as their text.
 *
 * @module
 */

declare module "*.py" {
  const source: string;
  export default source;
}
