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

/** Tasks for the end of this turn. */
const writes: (() => void)[] = [];
const frames: (() => void)[] = [];

/** Whether the end of the turn is awaited. */
let isAwaited = false;

/** Runs a task at the end of the turn; one that is added while such tasks run waits for the end of the next turn. */
export function writeAtTurnEnd(task: () => void): void {
  writes.push(task);
  awaitEnd();
}

/** Runs a task behind those of `writeAtTurnEnd`, also behind those that are running. */
export function writeFramesAtTurnEnd(task: () => void): void {
  frames.push(task);
  awaitEnd();
}

function awaitEnd(): void {
  if (isAwaited) return;
  isAwaited = true;
  setImmediate(endTurn);
}

function endTurn(): void {
  isAwaited = false;
  for (const task of writes.splice(0)) task();
  for (const task of frames.splice(0)) task();
}
