/**
 * Statistics: the figures of a node, which its page shows.
 *
 *     worker      counts for itself, and sends WorkerFigures to the controller every two seconds, or that nothing is new
 *     controller  keeps the last ones of each worker, and sends NodeStatistics to workers that have a viewer
 *
 * No figure is secret: none has a process id, a file name, an address, an authid or a session id. The attributes are
 * those of docs/node-page.schema.json.
 *
 * @module
 */

/** So often a worker sends its figures. */
export const FIGURES_INTERVAL_MS = 2_000;

/** Something that is counted, since the process was started, and in the last interval. */
export interface Rate {
  total: number;
  perSecond: number;
}

/** One direction of the messages of joined sessions. */
export interface TrafficFigures {
  messages: Rate;
  octets: Rate;
}

/** What a process takes of its machine. */
export interface ProcessUsage {
  /** When the process was started, as an ISO 8601 time. */
  startedAt: string;
  uptimeSeconds: number;
  cpuSeconds: number;
  /** Of one processor, in the last interval. */
  cpuPercent: number;
  residentOctets: number;
}

/** The sessions of a worker; a router counts those of its proxies' clients, too. */
export interface SessionFigures {
  /** Those included that have not joined. */
  open: number;
  joined: number;
  /** Joined sessions; null: the router has not said which realm or role. */
  roles: { realm: string | null; role: string | null; sessions: number }[];
  /** Pairs of a realm and a role that are not among `roles`, and their sessions. */
  rolesLeftOut: number;
  sessionsLeftOut: number;
  joins: number;
  refusals: { reason: string; count: number }[];
  /** Sessions that were ended because their router did not read. */
  stalledRouters: number;
  messagesLeftOut: number;
  messagesLate: number;
}

/** Whether a router took the last client or check; `unknown`: there was none yet. */
export type RouterHealth = "up" | "down" | "unknown";

/** A router as a proxy sees it through one of its connections. */
export interface RouterFigures {
  connection: string;
  health: RouterHealth;
  sessions: number;
  /** Of a host with several addresses each is a router. */
  routers: number;
  /** How many of them an operator has marked down. */
  markedDown: number;
}

/** Which routers of a route can be reached. */
export interface RouteReach {
  realm: string;
  role: string;
  /** Connections, here and below. */
  reachable: string[];
  unreachable: string[];
  /** Those with routers that an operator has marked down, which are not asked. */
  markedDown: string[];
}

/** What the kind of a worker decides. */
export interface OwnFigures {
  sessions: SessionFigures;
  routers: RouterFigures[];
}

/** The figures of one worker. */
export interface WorkerFigures extends ProcessUsage, OwnFigures {
  fromClients: TrafficFigures;
  toClients: TrafficFigures;
  /** Octets that clients have not read yet. */
  waitingOctets: number;
  /** Clients that were cut off because they did not read. */
  slowClients: number;
}

/** Values of fields of a warning. */
export type WarningFields = Record<string, string | number | boolean>;

/** A warning or an error of the log, without what is not for every eye. */
export interface Warning {
  /** ISO 8601. */
  at: string;
  level: "error" | "warn";
  event: string;
  fields: WarningFields;
}

/** The same, with the worker that logged it; null: the controller. */
export interface NodeWarning extends Warning {
  worker: string | null;
}

/** A listening transport; of its endpoint no address and no file is named. */
export interface TransportFacts {
  id: string;
  type: string;
  endpoint: "tcp" | "unix";
  /** Null: it is a Unix socket. */
  port: number | null;
  tls: boolean;
  paths: { path: string; type: string }[];
}

/** `silent`: it runs, and has sent no figures for several intervals. `failing`: it keeps ending soon after its start. */
export type WorkerState = "starting" | "running" | "silent" | "failing" | "not running";

/** A worker as its controller sees it. */
export interface WorkerStatistics {
  id: string;
  type: string;
  state: WorkerState;
  restarts: number;
  transports: TransportFacts[];
  /** Seconds since the figures have come; null: there are none. */
  ageSeconds: number | null;
  /** The last ones, also of a worker that does not run any more; null: none have come. */
  figures: WorkerFigures | null;
}

/** The figures of a node. */
export interface NodeStatistics {
  /** Of the attributes: the number changes when one is removed or gets another meaning. */
  format: 1;
  node: string;
  release: string;
  /** When they were put together, as an ISO 8601 time. */
  at: string;
  intervalSeconds: number;
  controller: ProcessUsage;
  workers: WorkerStatistics[];
  /** The latest, newest first. */
  warnings: NodeWarning[];
  /** How many there were since the controller was started. */
  warningsInAll: number;
}

/** Where a worker gets the figures of the whole node. */
export interface StatisticsSource {
  /** Rejects with a Failure when the controller does not answer. */
  read(): Promise<NodeStatistics>;
  /** Calls now and at each change, until the result is called. */
  watch(onChange: (statistics: NodeStatistics) => void): () => void;
}
