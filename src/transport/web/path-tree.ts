/**
 * PathTree: finds the service for a request and has it answer. The longest configured path wins, those of
 * nested `path` services included.
 *
 * @module
 */

import type {
  PathServiceConfig,
  WebServiceConfig,
} from "#config/web-service/web-service-config.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest, HttpRequest } from "#transport/http/http-request.ts";
import { crossOriginHeaders, preflightHeaders } from "./cross-origin.ts";
import { errorPage, malformedPath, refusedRequest } from "./error-page.ts";
import type { StreamingService } from "./streaming-service.ts";
import type { WebService } from "./web-service.ts";

/** Paths whose services are kept, and the longest of them. */
const MAX_FOUND = 1000;
const MAX_FOUND_LENGTH = 200;

/** A service other than `path`, which only nests others. */
export type LeafServiceConfig = Exclude<WebServiceConfig, PathServiceConfig>;

/** The service for a path. */
export interface PathMatch {
  service: WebService;
  /** The path below the mount, decoded, without the slash between. */
  subpath: string;
}

/** The services of one Web server by path. Bodies of requests are read and ignored, but by bridges. */
export class PathTree implements RequestHandler {
  readonly maxBodyOctets = 64 * 1024;
  readonly #hasBridge: boolean;
  readonly #hasStreaming: boolean;
  readonly #root: TreeNode;
  /** By what they were opened for. */
  readonly #services: Map<string, WebService>;
  /** Paths that were asked for lately. */
  readonly #found = new Map<string, PathMatch>();

  private constructor(root: TreeNode, services: Map<string, WebService>) {
    this.#root = root;
    this.#services = services;
    const all = [...services.values()];
    this.#hasStreaming = all.some(({ streaming }) => streaming !== undefined);
    this.#hasBridge = all.some(({ bridge }) => bridge !== undefined);
  }

  /**
   * Opens every service of `paths`, but those of `before` that were opened for the same; if one fails, those that
   * were opened are closed again.
   */
  static async open(
    paths: Record<string, WebServiceConfig>,
    openLeaf: (config: LeafServiceConfig) => WebService | Promise<WebService>,
    before: PathTree = NO_PATHS,
  ): Promise<PathTree> {
    const root = newNode();
    const services = new Map<string, WebService>();
    const openings: Promise<void>[] = [];
    const openBelow = (
      above: string,
      parent: TreeNode,
      below: Record<string, WebServiceConfig>,
    ) => {
      for (const [name, config] of Object.entries(below)) {
        const node = name === "/" ? parent : childOf(parent, name);
        const path = `${above}/${name}`;
        if (config.type === "path") openBelow(path, node, config.paths);
        else openings.push(openAt(path, node, config));
      }
    };
    const openAt = async (path: string, node: TreeNode, config: LeafServiceConfig) => {
      const purpose = JSON.stringify([path, config]);
      const known = before.#services.get(purpose);
      // WebSockets are looked up by the object of their configuration.
      const isKept = known !== undefined && known.webSocket === undefined;
      node.service = isKept ? known : await openLeaf(config);
      services.set(purpose, node.service);
    };
    // All at once, so that archives whose origins do not answer are waited for together.
    openBelow("", root, paths);
    const failed = (await Promise.allSettled(openings)).find(({ status }) => status === "rejected");
    const tree = new PathTree(root, services);
    if (failed === undefined) return tree;
    for (const service of tree.servicesWithout(before)) service.close?.();
    throw (failed as PromiseRejectedResult).reason;
  }

  /** A tree without a service. */
  static empty(): PathTree {
    return new PathTree(newNode(), new Map());
  }

  /** The services that another tree does not have. */
  servicesWithout(other: PathTree): WebService[] {
    const others = new Set(other.#services.values());
    return [...this.#services.values()].filter((service) => !others.has(service));
  }

  /** What answers a request: the bridge at its path, or this tree. */
  handlerOf({ url }: HttpRequest): RequestHandler {
    return (this.#hasBridge ? this.find(url.pathname)?.service.bridge : undefined) ?? this;
  }

  /**
   * Answers a request with Upgrade or Expect before its body: that of a handshake that was found invalid may
   * be frames, and the client that expects an answer has not sent its body yet.
   */
  answerToHead(request: ClientRequest): HttpAnswer | Promise<HttpAnswer> | null {
    const { headers } = request;
    return headers.has("upgrade") || headers.has("expect") ? this.perform(request) : null;
  }

  /** Has the service at a request's path answer it, else answers OPTIONS, or 400, 404 or 405. */
  perform(request: ClientRequest): HttpAnswer | Promise<HttpAnswer> {
    const { pathname } = request.url;
    const match = this.find(pathname);
    if (match === undefined) {
      return decodePath(pathname) === undefined ? malformedPath() : errorPage(404);
    }
    const { service, subpath } = match;
    const { method } = request;
    if (method === "GET" || method === "HEAD") return service.handle(request, subpath);
    if (method === "OPTIONS" && (service.isReadOnly || service.webSocket !== undefined)) {
      return answerOptions(service, request);
    }
    if (!service.isReadOnly) return service.handle(request, subpath);
    const origin = crossOriginHeaders(service.isCrossOrigin === true);
    return errorPage(405, { Allow: READING_METHODS, ...origin });
  }

  refuse(_request: HttpRequest, status: number, sentence: string): HttpAnswer {
    return refusedRequest(status, sentence);
  }

  /** The service for the path of a URL; undefined when there is none. */
  find(pathname: string): PathMatch | undefined {
    const found = this.#found.get(pathname);
    if (found !== undefined) return found;
    const components = decodePath(pathname);
    const match = components && this.#match(components);
    if (match === undefined || pathname.length > MAX_FOUND_LENGTH) return match;
    if (this.#found.size >= MAX_FOUND) this.#found.clear();
    this.#found.set(pathname, match);
    return match;
  }

  /**
   * The streaming service for the path of a URL, and the path below its mount as it is written. Undefined:
   * there is none, or a server that decodes the path could leave the mount by it.
   */
  findStreaming(pathname: string): { streaming: StreamingService; path: string } | undefined {
    if (!this.#hasStreaming) return undefined;
    const written = pathname.slice(1).split("/");
    const { node, depth } = this.#descend(written.map((one) => decodeOnce(one) ?? ""));
    const below = written.slice(depth);
    const streaming = node.service?.streaming;
    if (streaming === undefined || below.some(hidesDotSegment)) return undefined;
    return { streaming, path: below.map((one) => `/${one}`).join("") };
  }

  /** Closes every service. */
  close(): void {
    for (const service of this.#services.values()) service.close?.();
    this.#services.clear();
  }

  #match(components: string[]): PathMatch | undefined {
    const { node, depth } = this.#descend(components);
    if (!node.service) return undefined;
    const isWhole = depth === components.length;
    return { service: node.service, subpath: isWhole ? "" : components.slice(depth).join("/") };
  }

  /** The deepest node for a path, and its depth. */
  #descend(components: string[]): { node: TreeNode; depth: number } {
    // A nested `path` without a root of its own does not fall back to the service above it.
    let node = this.#root;
    let depth = 0;
    for (const component of components) {
      const child = node.children.get(component);
      if (!child) break;
      node = child;
      depth += 1;
    }
    return { node, depth };
  }
}

/** The methods of services that are only read, and of WebSockets. */
const READING_METHODS = "GET, HEAD, OPTIONS";

/** Which methods a service takes, also for a browser that asks on behalf of a page of another origin. */
function answerOptions({ isCrossOrigin }: WebService, request: HttpRequest): HttpAnswer {
  const origin = isCrossOrigin ? preflightHeaders(request, READING_METHODS) : {};
  return { status: 204, headers: { Allow: READING_METHODS, ...origin }, body: null };
}

/**
 * Whether a component cannot be decoded, or has NUL or a segment `.` or `..` where slashes are encoded. Some
 * servers ignore what follows a semicolon.
 */
function hidesDotSegment(component: string): boolean {
  const decoded = decodeOnce(component);
  if (decoded === undefined || decoded.includes("\0")) return true;
  return decoded.split(/[/\\]/).some((segment) => /^\.\.?(;|$)/.test(segment));
}

/**
 * Splits a URL's path into components and decodes each once.
 *
 * Undefined for paths that no honest client sends: with broken percent-encoding, NUL, `.` and `..`
 * components, or encoded slashes.
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

/** What a transport leads to before its first configuration. */
const NO_PATHS = PathTree.empty();

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
