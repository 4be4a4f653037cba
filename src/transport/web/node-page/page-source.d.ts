/**
 * Style sheets and scripts of the node's page are imported as their text.
 *
 * @module
 */

declare module "*.css" {
  const source: string;
  export default source;
}

declare module "*.js" {
  const source: string;
  export default source;
}
