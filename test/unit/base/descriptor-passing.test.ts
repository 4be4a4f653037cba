import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DescriptorReceiver, sendDescriptors } from "#base/descriptor-passing.ts";
import { listeningAddressOf } from "#base/listening-descriptor.ts";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function listener() {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  afterTest(() => server.stop(true));
  return { port: server.port, descriptor: "fd" in server ? Number(server.fd) : -1 };
}

function receiver() {
  const path = join(temporaryFolder(), "sockets");
  const opened = DescriptorReceiver.open(path);
  if (opened === null) throw new Error("the system does not allow it");
  afterTest(() => opened.close());
  return { path, opened };
}

describe.if(process.platform === "linux")("descriptors", () => {
  test("arrive with their text, and are other ones of the same sockets", () => {
    const { path, opened } = receiver();
    const [one, other] = [listener(), listener()];
    const descriptors = [one.descriptor, other.descriptor];
    expect(sendDescriptors(path, { descriptors, text: "é1" })).toBe(true);
    expect(sendDescriptors(path, { descriptors: [other.descriptor], text: "2" })).toBe(true);
    const passed = [opened.receive(), opened.receive()];
    expect(opened.receive()).toBeNull();
    expect(passed.map((each) => each?.text)).toEqual(["é1", "2"]);
    const received = passed.flatMap((each) => each?.descriptors ?? []);
    const addresses = received.map(listeningAddressOf);
    const at = ({ port }: { port: number }) => ({ type: "tcp", host: "127.0.0.1", port }) as const;
    expect(addresses).toEqual([at(one), at(other), at(other)]);
    expect(received.some((descriptor) => descriptors.includes(descriptor))).toBe(false);
    received.forEach(closeSync);
  });

  test("can be sent by this user alone, until the socket file is removed", () => {
    const { path, opened } = receiver();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    opened.close();
    expect(existsSync(path)).toBe(false);
    expect(sendDescriptors(path, { descriptors: [0], text: "late" })).toBe(false);
  });

  test("are not sent where they are too many for one message", () => {
    const { path, opened } = receiver();
    const descriptors = Array<number>(254).fill(0);
    expect(sendDescriptors(path, { descriptors, text: "many" })).toBe(false);
    expect(opened.receive()).toBeNull();
  });

  test("cannot be received in a folder that is not there", () => {
    expect(DescriptorReceiver.open("/nowhere/sockets")).toBeNull();
  });
});
