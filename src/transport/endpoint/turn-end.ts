/**
 * What is done at the end of a turn of the event loop, when the events of all connections that it found are handled:
 * messages are written, then the frames that some of them have become.
 *
 *     events    messages are gathered for each socket
 *     writes    what is gathered is written, to a system's socket or to a stream of a shared connection
 *     frames    a shared connection writes the frames of its streams
 *
 * @module
 */

/** Tasks for the end of a turn, in the order in which they were added. */
class TurnTasks {
  #waiting: (() => void)[] = [];
  /** Empty, for what is added while the others run. */
  #spare: (() => void)[] = [];

  add(task: () => void): void {
    this.#waiting.push(task);
    if (isAwaited) return;
    isAwaited = true;
    setImmediate(endTurn);
  }

  run(): void {
    const tasks = this.#waiting;
    this.#waiting = this.#spare;
    this.#spare = tasks;
    for (const task of tasks) task();
    tasks.length = 0;
  }
}

const writes = new TurnTasks();
const frames = new TurnTasks();

/** Whether the end of the turn is awaited. */
let isAwaited = false;

/** Runs a task at the end of the turn; one that is added while such tasks run waits for the end of the next turn. */
export function writeAtTurnEnd(task: () => void): void {
  writes.add(task);
}

/** Runs a task behind those of `writeAtTurnEnd`, also behind those that are running. */
export function writeFramesAtTurnEnd(task: () => void): void {
  frames.add(task);
}

function endTurn(): void {
  isAwaited = false;
  writes.run();
  frames.run();
}
