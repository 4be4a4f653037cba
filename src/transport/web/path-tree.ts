/**
 * Finds the service for a request: the longest configured path wins, nested `path` services included.
 *
 * @module
 */

import type { PathServiceConfig, WebServiceConfig } from "#config/node-config.ts";
import { errorPage } from "./error-page.ts";
import { urlOf } from "./request-url.ts";
import type { WebService } from "./web-service.ts";

/** What stands at a path and is no tree itself. */
export type LeafServiceConfig = Exclude<WebServiceConfig, PathServiceConfig>;

/** The service for a path. */
export interface PathMatch {
  service: WebService;
  /** What follows the mount, decoded, without the slash between. */
  rest: string;
  /** Where the service is mounted: `/`, `/files`, `/a/b`. */
  mount: string;
}

/** The services of one Web server by path. */
export class PathTree {
  readonly #root: TreeNode;
  readonly #services: WebService[];

  private constructor(root: TreeNode, services: WebService[]) {
    this.#root = root;
    this.#services = services;
  }

  /** Opens every service of `paths`; when one fails, those already open are closed again. */
  static async open(
    paths: Record<string, WebServiceConfig>,
    openLeaf: (config: LeafServiceConfig) => WebService | Promise<WebService>,
  ): Promise<PathTree> {
    const root = newNode();
    const services: WebService[] = [];
    const openings: Promise<void>[] = [];
    const openBelow = (node: TreeNode, below: Record<string, WebServiceConfig>) => {
      for (const [name, config] of Object.entries(below)) {
        const place = name === "/" ? node : childOf(node, name);
        if (config.type === "path") openBelow(place, config.paths);
        else openings.push(openAt(place, config));
      }
    };
    const openAt = async (place: TreeNode, config: LeafServiceConfig) => {
      place.service = await openLeaf(config);
      services.push(place.service);
    };
    // All at once, so that origins which do not answer are not waited for one after the other.
    openBelow(root, paths);
    const tree = new PathTree(root, services);
    const failed = (await Promise.allSettled(openings)).find(({ status }) => status === "rejected");
    if (failed === undefined) return tree;
    tree.close();
    throw (failed as PromiseRejectedResult).reason;
  }

  /** Answers a request by the service at its path, else with 400 or 404. */
  handle(request: Request): Response | Promise<Response> {
    const url = urlOf(request);
    const components = url ? decodePath(url.pathname) : undefined;
    if (!components) return errorPage(400);
    const match = this.#match(components);
    return match ? match.service.handle(request, match.rest) : errorPage(404);
  }

  /** Gives the service for a path as it stands in a URL, or undefined when there is none. */
  find(pathname: string): PathMatch | undefined {
    const components = decodePath(pathname);
    return components && this.#match(components);
  }

  /** Closes every service. */
  close(): void {
    for (const service of this.#services.splice(0)) service.close?.();
  }

  #match(components: string[]): PathMatch | undefined {
    // A nested `path` without a root of its own does not fall back to the service above it.
    let node = this.#root;
    let depth = 0;
    for (const component of components) {
      const child = node.children.get(component);
      if (!child) break;
      node = child;
      depth += 1;
    }
    if (!node.service) return undefined;
    return {
      service: node.service,
      rest: components.slice(depth).join("/"),
      mount: `/${components.slice(0, depth).join("/")}`,
    };
  }
}

/**
 * Splits a URL's path into components and decodes each once.
 *
 * Gives undefined for what no honest client sends: broken percent-encoding, NUL, `.` and `..`
 * components, and slashes that hide in an encoding.
 */
export function decodePath(pathname: string): string[] | undefined {
  const components: string[] = [];
  for (const raw of pathname.replace(/^\//, "").split("/")) {
    const component = decodeOnce(raw);
    if (component === undefined || component === "." || component === "..") return undefined;
    if (/[\0/\\]/.test(component)) return undefined;
    components.push(component);
  }
  return components;
}

function decodeOnce(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

interface TreeNode {
  service: WebService | undefined;
  children: Map<string, TreeNode>;
}

function newNode(): TreeNode {
  return { service: undefined, children: new Map() };
}

function childOf(node: TreeNode, name: string): TreeNode {
  const child = node.children.get(name) ?? newNode();
  node.children.set(name, child);
  return child;
}
