/**
 * `type: nodeinfo`: a page about the node and the answering worker, as HTML or JSON.
 *
 * @module
 */

import { styledPageHeaders } from "#transport/http/page-headers.ts";
import type { NodeInfo, TransportContext } from "#transport/listener.ts";
import type { WebService } from "#transport/web/web-service.ts";

const STYLE = "body{font:16px sans-serif;margin:2em}th{text-align:left;padding-right:2em}";

const HEADERS = styledPageHeaders(STYLE);

/** Opens the info page. */
export function openNodeInfo(context: TransportContext): WebService {
  return {
    isReadOnly: true,
    handle(request) {
      const info = context.nodeInfo;
      const isJson = prefersJson(request.headers.get("accept") ?? "");
      const octets = new TextEncoder().encode(isJson ? jsonOf(info) : pageOf(info));
      return {
        status: 200,
        headers: {
          ...HEADERS,
          ...(isJson && { "Content-Type": "application/json" }),
          "Cache-Control": "no-store",
          Vary: "Accept",
        },
        body: octets,
      };
    },
  };
}

/** Whether an Accept header ranks JSON above HTML. */
export function prefersJson(accept: string): boolean {
  return qualityOf("application/json", accept) > qualityOf("text/html", accept);
}

/** The quality value of a type, 0 to 1: that of the most specific matching range (RFC 9110, section 12.5.1). */
function qualityOf(type: string, accept: string): number {
  const wildcards = [type, `${type.split("/")[0]}/*`, "*/*"];
  let best = { rank: wildcards.length, quality: 0 };
  for (const item of accept.split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const rank = wildcards.indexOf(range);
    if (rank < 0 || rank >= best.rank) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = weight === undefined ? 1 : Number.parseFloat(weight.slice(2));
    best = { rank, quality: Number.isNaN(quality) ? 0 : quality };
  }
  return best.quality;
}

function uptimeSeconds(info: NodeInfo): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(info.startedAt)) / 1000));
}

function jsonOf(info: NodeInfo): string {
  return JSON.stringify({ ...info, uptimeSeconds: uptimeSeconds(info) });
}

function pageOf(info: NodeInfo): string {
  const rows: [string, string | number][] = [
    ["Release", `crossproxy ${info.release}`],
    ["Bun", info.bun],
    ["Node", info.nodeId],
    ["Worker", `${info.workerId} (${info.workerType})`],
    ["Process", info.pid],
    ["Started", info.startedAt],
    ["Uptime", `${uptimeSeconds(info)} s`],
    ["Workers", info.workers],
  ];
  const body = rows
    .map(([name, value]) => `<tr><th>${name}</th><td>${Bun.escapeHTML(String(value))}</td></tr>`)
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>crossproxy</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${STYLE}</style></head>
<body><main><h1>crossproxy</h1>
<table>
${body}
</table></main></body></html>
`;
}
