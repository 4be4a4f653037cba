/** The chart for Helm: its node runs as a pod runs it, and what Helm makes of it fits that node. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { afterTest } from "../support/cleanups.ts";
import { ROOT } from "../support/documents.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePorts, nodeForTest } from "../support/temporary-node.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";

const CHART = join(ROOT, "examples/kubernetes/crossproxy");
const values = parse(readFileSync(join(CHART, "values.yaml"), "utf8"));

const HELM = Bun.which("helm");
if (HELM === null) console.log("LEFT OUT: what Helm makes of the chart, as helm is not installed");

/** A release of Kubernetes. A helm that was built from its source without flags takes 1.20, which is too old. */
const LATEST = "1.37.0";

/** An object of Kubernetes, of which the tests look at any part. */
// biome-ignore lint/suspicious/noExplicitAny: its kinds have many shapes, and each test looks at few parts
type KubernetesObject = any;

/** The arguments of the container, and its environment beside the token, as the template has them. */
const template = readFileSync(join(CHART, "templates/deployment.yaml"), "utf8");
const ARGUMENTS = (/^ +args: \[(.*)\]$/m.exec(template)?.[1] ?? "").split(", ");

test("the values belong together: ports and token", () => {
  const { node } = values;
  expect(node.controller.admin.endpoint).toMatchObject({ port: values.adminPort });
  expect(node.controller.admin.token).toBe(`\${CROSSPROXY_ADMIN_TOKEN}`);
  expect(node.workers[0].transports[0].endpoint.port).toBe(values.port);
});

test("its node has neither fault nor warning", () => {
  const folder = temporaryFolder({ "node.json": values.node });
  const env = { ...process.env, CROSSPROXY_ADMIN_TOKEN: "s3cret" };
  const check = Bun.spawnSync([BINARY, "check", "node.json"], { cwd: folder, env });
  expect([check.exitCode, check.stderr.toString()]).toEqual([0, ""]);
});

/** Starts the node of the chart as its container does, before a router of its own. */
async function podOf(node: KubernetesObject) {
  const [router = 0, clients = 0, admin = 0] = freePorts(3);
  const transport = {
    type: "web",
    endpoint: { type: "tcp", port: router, interface: "127.0.0.1" },
    paths: {
      "/": { type: "nodeinfo" },
      ws: {
        type: "websocket",
        auth: { anonymous: { type: "static", role: "anonymous" } },
      },
    },
  };
  const realms = [{ name: "realm1", roles: [{ name: "anonymous" }] }];
  const workers = [{ type: "router", realms, transports: [transport] }];
  await nodeForTest(temporaryFolder({ "node.json": { version: 2, workers } }));

  const pod = structuredClone(node);
  pod.controller.admin.endpoint.port = admin;
  pod.controller.options = {};
  const [proxy] = pod.workers;
  proxy.transports[0].endpoint.port = clients;
  proxy.connections.router.transport.endpoint = { type: "tcp", host: "127.0.0.1", port: router };
  const folder = temporaryFolder({ "etc/node.json": pod });
  mkdirSync(join(folder, "node"));
  const places: Record<string, string> = {
    "/node": join(folder, "node"),
    "/etc/crossproxy/node.json": join(folder, "etc/node.json"),
  };
  const child = Bun.spawn([BINARY, ...ARGUMENTS.map((one) => places[one] ?? one)], {
    cwd: join(folder, "node"),
    env: { CROSSPROXY_ADMIN_TOKEN: "s3cret" },
    stdout: "pipe",
    stderr: "inherit",
  });
  afterTest(() => {
    child.kill();
    return child.exited;
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.includes("node started")) break;
  }
  const ask = (path: string, headers = {}) =>
    fetch(`http://127.0.0.1:${admin}${path}`, { headers });
  return { child, output, ask, url: `ws://127.0.0.1:${clients}/ws` };
}

test("its node runs, answers the probes, and takes clients", async () => {
  const { child, output, ask, url } = await podOf(values.node);
  for (const line of output.trimEnd().split("\n")) JSON.parse(line);
  expect([(await ask("/healthz")).status, (await ask("/readyz")).status]).toEqual([200, 200]);
  expect((await ask("/metrics")).status).toBe(401);
  const client = await joinAutobahn(url, "json");
  const metrics = await ask("/metrics", { Authorization: "Bearer s3cret" });
  expect(await metrics.text()).toContain('crossproxy_sessions{worker="proxy1"');
  await client.leave();
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

describe.if(HELM !== null)("Helm", () => {
  const all = {
    autoscaling: { enabled: true },
    podMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    keySecret: "node-key",
    networkPolicy: { clients: [{ podSelector: {} }] },
    env: [{ name: "A", value: "1" }],
    imagePullSecrets: [{ name: "registry" }],
    service: { annotations: { a: "b" } },
    nodeSelector: { a: "b" },
    tolerations: [{ operator: "Exists" }],
    affinity: { nodeAffinity: {} },
  };

  /** Its output. */
  function helm(...args: string[]): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync([HELM ?? "helm", ...args]);
    if (exitCode !== 0) throw new Error(`helm ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout.toString();
  }

  /** The objects of the chart by their kinds. */
  function rendered(more: object): Record<string, KubernetesObject> {
    const file = join(temporaryFolder({ "more.json": more }), "more.json");
    const text = helm("template", "shop", CHART, "--kube-version", LATEST, "--values", file);
    const objects = parseAllDocuments(text).map((document) => document.toJS());
    return Object.fromEntries(objects.filter(Boolean).map((object) => [object.kind, object]));
  }

  test("finds no fault in the chart", () => {
    const file = join(temporaryFolder({ "more.json": all }), "more.json");
    expect(helm("lint", "--strict", CHART, "--values", file)).toContain("0 chart(s) failed");
  });

  test("makes the objects that are asked for", () => {
    const few = ["ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget"];
    const default_ = [...few, "Service", "ServiceAccount"];
    expect(Object.keys(rendered({})).toSorted()).toEqual(default_);
    const more = ["HorizontalPodAutoscaler", "PodMonitor", "PrometheusRule"];
    expect(Object.keys(rendered(all)).toSorted()).toEqual([...default_, ...more].toSorted());
    expect(Object.keys(rendered(all))).toHaveLength(
      readdirSync(join(CHART, "templates")).length - 1,
    );
  });

  test("writes node.json as it is in the values", () => {
    const node = JSON.parse(rendered({})["ConfigMap"].data["node.json"]);
    expect(node).toEqual(values.node);
  });

  test.each([
    [{ shutdown_delay: 5, lame_duck_duration: 60 }, 140],
    [{ shutdown_delay: 2.5, lame_duck_duration: 0 }, 18],
    [{ shutdown_delay: null, lame_duck_duration: null }, 15],
  ])("gives a pod with %j %d s to end", (options, seconds) => {
    const { Deployment } = rendered({ node: { controller: { options } } });
    expect(Deployment.spec.template.spec.terminationGracePeriodSeconds).toBe(seconds);
  });

  test("makes a pod without rights, whose probes and ports are those of the node", () => {
    const { Deployment, Service } = rendered(all);
    const { spec } = Deployment.spec.template;
    const [container] = spec.containers;
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const ports = new Map(
      container.ports.map(({ name, containerPort }: KubernetesObject) => [name, containerPort]),
    );
    expect([...ports]).toEqual([
      ["clients", values.port],
      ["admin", values.adminPort],
    ]);
    expect([container.livenessProbe, container.readinessProbe]).toMatchObject([
      { httpGet: { path: "/healthz", port: "admin" } },
      { httpGet: { path: "/readyz", port: "admin" } },
    ]);
    expect(Service.spec.ports).toEqual([{ name: "clients", port: 8080, targetPort: "clients" }]);
    const volumes = new Set(spec.volumes.map(({ name }: KubernetesObject) => name));
    for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
  });

  test("has another node.json make other pods", () => {
    const sum = (more: object) =>
      rendered(more)["Deployment"].spec.template.metadata.annotations["checksum/node.json"];
    expect(sum({})).toMatch(/^[0-9a-f]{64}$/);
    expect(sum({})).not.toBe(sum({ node: { controller: { id: "other" } } }));
  });

  test("scales by sessions, and then does not set the number of pods", () => {
    const { Deployment, HorizontalPodAutoscaler } = rendered(all);
    expect(Deployment.spec).not.toHaveProperty("replicas");
    expect(HorizontalPodAutoscaler.spec.metrics[0].pods).toEqual({
      metric: { name: "crossproxy_sessions" },
      target: { type: "AverageValue", averageValue: "5000" },
    });
  });

  test("has the alerts of the examples", () => {
    const alerts = readFileSync(join(ROOT, "examples/monitoring/crossproxy.rules.yml"), "utf8");
    expect(rendered(all)["PrometheusRule"].spec).toEqual(parse(alerts));
  });
});
