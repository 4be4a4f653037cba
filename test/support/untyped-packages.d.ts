declare module "autobahn" {
  interface AutobahnSession {
    subscribe(topic: string, handler: (args: unknown[]) => void): Promise<unknown>;
    publish(topic: string, args: unknown[], kwargs: object, options: object): Promise<unknown>;
    register(procedure: string, handler: (args: unknown[]) => unknown): Promise<unknown>;
    call(procedure: string, args: unknown[]): Promise<unknown>;
  }
  export class Connection {
    constructor(options: object);
    onopen: (session: AutobahnSession) => void;
    onclose: (reason: string, details: { reason?: string }) => boolean;
    open(): void;
    close(reason: string): void;
  }
  export const serializer: Record<
    "JSONSerializer" | "MsgpackSerializer" | "CBORSerializer",
    new () => object
  >;
  export const auth_cra: { sign(secret: string, challenge: string): string };
  export type { AutobahnSession };
}
