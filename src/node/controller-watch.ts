/**
 * ControllerWatch: a shell that ends a process group when the controller has gone.
 *
 * A controller that is killed can end nothing any more, and a guest would outlive it: the system starts another
 * node, and so a second guest beside the first. Native workers and components notice the end of their channel to
 * the controller; any other program does not. The shell waits for the end of a pipe that only the controller
 * has open.
 *
 * @module
 */

/** As the controller ends a guest: SIGTERM, and SIGKILL after its deadline. */
const SCRIPT = 'read -r _; kill -s TERM -- "-$1" || exit; sleep 5; kill -s KILL -- "-$1"';

/** Watches this process for one process group. */
export class ControllerWatch {
  readonly #shell: Bun.Subprocess | undefined;

  /** Starts to watch; without a shell there is nothing that watches. */
  constructor(group: number) {
    try {
      this.#shell = Bun.spawn(["/bin/sh", "-c", SCRIPT, "sh", String(group)], {
        // Signals of a terminal are for the node.
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
      });
      this.#shell.unref();
    } catch {
      // An image without a shell: its processes end with the node, the first one in it.
    }
  }

  /** The group has ended, or another process ends it. */
  stop(): void {
    this.#shell?.kill("SIGKILL");
  }
}
