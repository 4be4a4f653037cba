/**
 * OrphanWatch: a shell that ends the processes which this program has started, when this program has gone.
 *
 * A program that is killed can end nothing any more, and another node would be started beside what it leaves. Native
 * workers and components see the end of their channel and end by themselves, but not while they are stopped
 * (SIGSTOP), or run code that never returns; a guest sees nothing. The shell waits for the end of a pipe that only
 * this program has open.
 *
 * @module
 */

/** Which signal a process gets first: to end, or to go on where it is stopped, because it then ends by itself. */
type FirstSignal = "SIGTERM" | "SIGCONT";

/**
 * Reads lines such as `+ TERM:-123` and `- TERM:-123`. At their end it sends each process its first signal, and
 * SIGKILL to those left after 5 seconds; it looks after each second, because numbers of processes are used again.
 */
const SCRIPT = `# ends what crossproxy has started, once crossproxy has gone
all=
while read -r change entry; do
  rest=
  for one in $all; do [ "$one" = "$entry" ] || rest="$rest $one"; done
  all=$rest
  [ "$change" = - ] || all="$all $entry"
done
for one in $all; do kill -s "\${one%:*}" -- "\${one#*:}"; done
for second in 1 2 3 4 5; do
  rest=
  for one in $all; do kill -s 0 -- "\${one#*:}" && rest="$rest $one"; done
  all=$rest
  [ "$all" ] || exit
  sleep 1
done
for one in $all; do kill -s KILL -- "\${one#*:}"; done
`;

/** Ends what this process has started. */
export class OrphanWatch {
  readonly #entries = new Set<string>();
  #shell: Bun.Subprocess<"pipe", "ignore", "ignore"> | null = null;

  /** The shell's id; undefined where there is none, or nothing was added yet. */
  get pid(): number | undefined {
    return this.#shell?.pid;
  }

  /** Adds a process, or the process group of a negative number; returns what to call when it has ended. */
  add(target: number, first: FirstSignal): () => void {
    const entry = `${first.slice("SIG".length)}:${target}`;
    this.#entries.add(entry);
    if (this.#shell === null) this.#start();
    else tell(this.#shell, `+ ${entry}\n`);
    return () => {
      this.#entries.delete(entry);
      if (this.#shell !== null) tell(this.#shell, `- ${entry}\n`);
    };
  }

  #start(): void {
    try {
      const shell = Bun.spawn(["/bin/sh", "-c", SCRIPT], {
        // It needs no more than `sleep`, and no secret of the node.
        env: { PATH: [process.env["PATH"], "/usr/bin:/bin"].filter(Boolean).join(":") },
        // Signals of a terminal are for the node.
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
      });
      this.#shell = shell;
      shell.unref();
      void shell.exited.then(() => this.#onExit(shell));
      tell(shell, [...this.#entries].map((entry) => `+ ${entry}\n`).join(""));
    } catch {
      // An image without a shell: its processes end with the node, the first one in it.
    }
  }

  /** A shell that was killed is replaced; one that ends by itself cannot run the script. */
  #onExit({ signalCode }: Bun.Subprocess): void {
    if (signalCode !== null) this.#start();
  }
}

/** The watch of this program. */
export const orphanWatch = new OrphanWatch();

function tell({ stdin }: Bun.Subprocess<"pipe", "ignore", "ignore">, lines: string): void {
  try {
    stdin.write(lines);
    // EPIPE: the shell has ended, and the next one is told all.
    Promise.resolve(stdin.flush()).catch(() => {});
  } catch {
    // The same.
  }
}
