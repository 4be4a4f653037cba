/** An upload path without a transport, and its requests octet by octet. */

import { mkdirSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";
import { Upload } from "#transport/web/upload/upload.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import { afterTest } from "./cleanups.ts";
import { keptLog } from "./kept-log.ts";
import { quietContext } from "./quiet-context.ts";
import { chunkFields, chunkOctets, type ResumableFile } from "./resumable-client.ts";
import { ScriptedSocket } from "./scripted-socket.ts";
import { SilentCaller } from "./silent-caller.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The names of Resumable.js, and the fields of Crossbar. */
export const FORM_FIELDS = {
  file_name: "resumableFilename",
  total_size: "resumableTotalSize",
  chunk_number: "resumableChunkNumber",
  chunk_size: "resumableChunkSize",
  total_chunks: "resumableTotalChunks",
  content: "file",
  on_progress: "on_progress",
  session: "session",
  chunk_extra: "chunk_extra",
  finish_extra: "finish_extra",
  identifier: "client",
};

/** The configuration of a path whose files are put into a new folder. */
export function uploadConfig(
  options: Partial<UploadServiceConfig["options"]> = {},
): UploadServiceConfig {
  const folder = temporaryFolder();
  const directory = join(folder, "uploaded");
  mkdirSync(directory);
  return {
    type: "upload",
    realm: "realm1",
    role: "anonymous",
    directory,
    temp_directory: join(folder, "incomplete"),
    form_fields: FORM_FIELDS,
    options: { max_file_size: 300_000, file_types: null, file_permissions: null, ...options },
  };
}

/** One request. */
export interface AskedUpload {
  path?: string;
  query?: string;
  headers?: Record<string, string>;
  framing?: BodyFraming;
  /** What came in the same read as the head. */
  octets?: Uint8Array;
}

/** The form of a chunk, with the boundary `b`. */
export function formOf(file: ResumableFile, number: number): Buffer {
  const parts = [...Object.entries(chunkFields(file, number)), ["file", ""]].map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  const octets = chunkOctets(file, number);
  return Buffer.concat([Buffer.from(parts.join("\r\n")), octets, Buffer.from("\r\n--b--\r\n")]);
}

/** An upload path, and what it stores and logs. */
export function uploadPath(
  options: Partial<UploadServiceConfig["options"]> = {},
  wampCaller: WampCaller = new SilentCaller(),
) {
  const config = uploadConfig(options);
  mkdirSync(config.temp_directory);
  const { log, logged } = keptLog("warn", "error");
  const upload = new Upload(config, { ...quietContext, log, wampCaller });
  afterTest(() => upload.close());

  /** Begins a request. */
  const ask = (method: string, asked: AskedUpload = {}) => {
    const { path = "", query = "", headers = {}, octets = Buffer.alloc(0) } = asked;
    const socket = new ScriptedSocket();
    const next = Promise.withResolvers<void>();
    const pipelined: string[] = [];
    const events = upload.open({
      request: {
        method,
        url: new URL(`http://localhost/upload${path}${query}`),
        headers: new Headers(headers),
        isHttp10: false,
        framing: asked.framing ?? { kind: "length", octets: 0 },
        peer: "tcp4:192.0.2.7:1",
        isSecure: false,
        strictTransport: "",
      },
      lines: [],
      path,
      details: { peer: "tcp4:192.0.2.7:1", isSecure: false, isUnixSocket: false },
      chain: [],
      limit: undefined,
      socket,
      octetsAfterHead: octets,
      readNextRequest(rest) {
        pipelined.push(Buffer.from(rest).toString());
        next.resolve();
      },
    });
    const isClosed = socket.until(({ done }) => done.includes("shutdown"));
    /** Status and body of the answer. */
    const answer = async (): Promise<[status: number, body: string]> => {
      await Promise.race([next.promise, isClosed]);
      const [, status, body = ""] =
        /^(?:HTTP\/1\.1 1.*?\r\n\r\n)*HTTP\/1\.1 (\d+) .*?\r\n\r\n(.*)$/s.exec(socket.text) ?? [];
      return [Number(status), body];
    };
    return { socket, events, pipelined, answer };
  };

  /** Begins the request with a chunk; `sent` octets of its form come with the head, by default all. */
  const post = (file: ResumableFile, number: number, sent?: number) => {
    const form = formOf(file, number);
    const asked = ask("POST", {
      headers: { "Content-Type": "multipart/form-data; boundary=b" },
      framing: { kind: "length", octets: form.length },
      octets: form.subarray(0, sent),
    });
    return { ...asked, form };
  };

  const names = (folder: string) => readdirSync(folder).sort();
  /** Resolves once something is so of the files; it is looked at after each change of them. */
  const stored = async (isSo: () => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isSo() && resolve();
    const watchers = [config.directory, config.temp_directory].map((one) => watch(one, look));
    look();
    await promise;
    for (const watcher of watchers) watcher.close();
  };
  return {
    config,
    upload,
    logged,
    ask,
    post,
    /** Names of what is whole, and of what is not. */
    stored,
    uploaded: () => names(config.directory),
    incomplete: () => names(config.temp_directory),
  };
}
