/** Transcripts of curl in the documents: each command is run, and answers what stands below it. */

import { expect, test } from "bun:test";
import { chmodSync, cpSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { blocksOf, documentText, ROOT } from "../support/documents.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, nodeForTest } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const PORTS = ["8080", "9000", "9001"];
const free = freePorts(PORTS.length).map(String);

const withFreePorts = (text: string) =>
  PORTS.reduce((changed, port, index) => changed.replaceAll(port, free[index] ?? ""), text);
const portOf = (written: string) => Number(withFreePorts(written));

/** The commands below a heading, or of the whole document, with what they print. */
function transcriptOf(document: string, command: RegExp): [command: string, output: string][] {
  const texts = blocksOf(document).filter(({ language }) => language === "text");
  return texts.flatMap(({ text }) =>
    text
      .split(/^\$ /m)
      .filter((part) => command.test(part))
      .map((part): [string, string] => {
        const [line = "", ...output] = part.trimEnd().split("\n");
        return [withFreePorts(line), withFreePorts(output.join("\n"))];
      }),
  );
}

/** Runs each command in a shell, and compares what it prints. */
async function expectTranscript(transcript: [string, string][], count: number): Promise<void> {
  expect(transcript.length).toBe(count);
  for (const [command, output] of transcript) {
    const child = Bun.spawn(["sh", "-c", command.replaceAll(/^curl /g, "curl -sS ")], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect({ command, stdout: stdout.trimEnd(), stderr }).toEqual({
      command,
      stdout: output,
      stderr: "",
    });
  }
}

/** Resolves when a program listens at a port of this machine. */
async function untilListening(port: number): Promise<void> {
  const attempt = () =>
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { open: (socket) => void socket.end(), data() {} },
    });
  while (
    !(await attempt().then(
      () => true,
      () => false,
    ))
  );
}

test("docs/reverse-proxy.md", async () => {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: portOf("9000"),
    socket: {
      data(socket, octets) {
        const [head = ""] = octets.toString("latin1").split("\r\n\r\n");
        const body = `${head.replaceAll("\r", "")}\n`;
        socket.end(
          `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        );
      },
    },
  });
  afterTest(() => server.stop(true));
  const node = blocksOf("docs/reverse-proxy.md").find(({ language }) => language === "json");
  const folder = temporaryFolder({ "node.json": withFreePorts(node?.text ?? "") });
  await nodeForTest(folder);
  await expectTranscript(transcriptOf("docs/reverse-proxy.md", /^curl/), 3);
});

test("docs/event-streams.md", async () => {
  const node = blocksOf("docs/event-streams.md").find(({ language }) => language === "json");
  await nodeForTest(temporaryFolder({ "node.json": withFreePorts(node?.text ?? "") }));
  const transcript = transcriptOf("docs/event-streams.md", /^curl/);
  const [[listen = "", events = ""] = [], [publish = "", published = ""] = []] = transcript;
  const curl = Bun.spawn(["sh", "-c", `exec ${listen.replace("curl", "curl -sS")}`], {
    stdout: "pipe",
  });
  afterTest(() => {
    curl.kill();
    return curl.exited;
  });
  const wanted = events.trimEnd();
  let printed = "";
  const decoder = new TextDecoder();
  for await (const chunk of curl.stdout) {
    printed += decoder.decode(chunk, { stream: true });
    if (printed.endsWith("follow\n\n")) {
      const { stdout } = Bun.spawnSync(["sh", "-c", publish.replace("curl", "curl -sS")]);
      expect(stdout.toString()).toMatch(new RegExp(published.replace(/\d+/, "\\d+")));
    }
    if (printed.includes("data: ")) break;
  }
  const withAnyDelay = (text: string) => text.replace(/^retry: 2\d{3}$/m, "retry: 2000").trimEnd();
  expect(withAnyDelay(printed)).toBe(withAnyDelay(wanted));
});

test("docs/node-page.md", async () => {
  const node = blocksOf("docs/node-page.md").find(({ language }) => language === "json");
  await nodeForTest(temporaryFolder({ "node.json": withFreePorts(node?.text ?? "") }));
  await expectTranscript(transcriptOf("docs/node-page.md", /^curl (?!-N)/), 6);
  const [[listen = "", events = ""] = []] = transcriptOf("docs/node-page.md", /^curl -N/);
  const curl = Bun.spawn(["sh", "-c", `exec ${listen.replace("curl", "curl -sS")}`], {
    stdout: "pipe",
  });
  afterTest(() => {
    curl.kill();
    return curl.exited;
  });
  const [wanted = ""] = events.split("…");
  let printed = "";
  for await (const chunk of curl.stdout) {
    printed += Buffer.from(chunk).toString();
    if (printed.length >= wanted.length) break;
  }
  expect(printed).toStartWith(wanted);
  expect(wanted).toEndWith('"node":"node1",');
});

test("docs/metrics.md", async () => {
  const node = blocksOf("docs/metrics.md").find(({ language }) => language === "json");
  await nodeForTest(temporaryFolder({ "node.json": withFreePorts(node?.text ?? "") }));
  // With certificates it is run by admin-tls.test.ts.
  await expectTranscript(transcriptOf("docs/metrics.md", /^curl (?!--cacert)/), 4);
});

test("examples/python-web", async () => {
  const outer = temporaryFolder();
  // As root, Python runs CGI programs as the user nobody.
  chmodSync(outer, 0o755);
  const folder = join(outer, "python-web");
  cpSync(join(ROOT, "examples/python-web"), folder, { recursive: true });
  const file = Bun.file(join(folder, "node.json"));
  await Bun.write(file, withFreePorts(await file.text()));
  const node = await nodeForTest(folder);
  expect(node.output()).not.toContain("$.");
  await untilListening(portOf("9000"));
  await untilListening(portOf("9001"));
  await expectTranscript(transcriptOf("examples/README.md", /^curl/), 2);
});

test.if(hasPython)("docs/reverse-proxy.md: a resource of Twisted is reached", async () => {
  const command =
    /`python3 (-m twisted web [^`]+)`/.exec(documentText("docs/reverse-proxy.md"))?.[1] ?? "";
  const [web, twisted] = freePorts(2);
  const resource = `from twisted.web.resource import Resource
class Class(Resource):
    isLeaf = True
    def render_GET(self, request):
        return b"resource: " + request.uri
`;
  const node = {
    version: 2,
    workers: [
      {
        type: "guest",
        executable: PYTHON,
        arguments: command.replace("9002", String(twisted)).split(" "),
        options: { env: { vars: { PYTHONPATH: "." } } },
      },
      {
        type: "proxy",
        connections: {},
        routes: {},
        transports: [
          {
            type: "web",
            endpoint: { type: "tcp", port: web },
            paths: { r: { type: "reverseproxy", host: "127.0.0.1", port: twisted } },
          },
        ],
      },
    ],
  };
  await nodeForTest(temporaryFolder({ "node.json": node, "module.py": resource }));
  await untilListening(twisted ?? 0);
  const answer = await fetch(`http://127.0.0.1:${web}/r/a?b=1`);
  expect(await answer.text()).toBe("resource: /a?b=1");
});
