/**
 * Normalized paths of type `wap`.
 *
 * @module
 */

/** `type: wap`: pages of templates, for the results of calls. */
export interface WapServiceConfig {
  type: "wap";
  /** The folder of the templates, absolute. */
  templates: string;
  /** Whether templates are kept from the internals of Python. */
  sandbox: boolean;
  routes: WapRouteConfig[];
  realm: string;
  /** The role that calls. */
  role: string;
}

/** One route. */
export interface WapRouteConfig {
  /** A rule of Werkzeug for the whole path of a URL. */
  rule: string;
  method: "GET" | "POST";
  /** The procedure; null: nothing is called. */
  call: string | null;
  /** The name of the template. */
  render: string;
  /** False: requests for it are answered with 501. */
  isOffered: boolean;
}
