declare module "autobahn" {
  interface AutobahnSession {
    readonly id: number;
    readonly isOpen: boolean;
    subscribe(
      topic: string,
      handler: (args: unknown[], kwargs: object) => void,
      options?: object,
    ): Promise<unknown>;
    publish(topic: string, args: unknown[], kwargs: object, options: object): Promise<unknown>;
    register(
      procedure: string,
      handler: (
        args: unknown[],
        kwargs: object,
        details: { progress?: (args: unknown[]) => void },
      ) => unknown,
    ): Promise<{ id: number }>;
    call(procedure: string, args?: unknown[], kwargs?: object, options?: object): Promise<unknown>;
  }
  /** Values of a call, beyond one argument. */
  export class Result {
    constructor(args: unknown[], kwargs: object);
    args: unknown[];
    kwargs: object;
  }
  /** What a callee throws, and a caller catches. */
  class ApplicationError extends Result {
    constructor(error: string, args: unknown[], kwargs: object);
    error: string;
  }
  interface Identity {
    realm: string;
    authid: string;
    authrole: string;
    authmethod: string;
    authprovider: string;
  }
  export class Connection {
    constructor(options: object);
    onopen: (session: AutobahnSession, details: Partial<Identity>) => void;
    onclose: (reason: string, details: { reason?: string }) => boolean;
    open(): void;
    close(reason?: string): void;
  }
  export const serializer: Record<
    "JSONSerializer" | "MsgpackSerializer" | "CBORSerializer",
    new () => object
  >;
  export const auth_cra: {
    sign(key: string, challenge: string): string;
    derive_key(secret: string, salt: string, iterations?: number, keylen?: number): string;
  };
  export const auth_cryptosign: { sign_challenge(keys: object, extra: object): string };
  export type { AutobahnSession, Identity };
  export { ApplicationError as Error };
}

declare module "autobahn-26" {
  export { auth_cra, auth_cryptosign, Connection, Error, Result, serializer } from "autobahn";
}

declare module "resumablejs" {
  class Resumable {
    constructor(options: object);
    on(event: string, handler: () => void): void;
    addFile(file: File): void;
    upload(): void;
  }
  export = Resumable;
}
