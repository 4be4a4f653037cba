/** What a test has to undo, kept from where it was done until the test is over. */

const tasks: (() => unknown)[] = [];

/** Runs `task` once the present test has ended, the latest one first. Not for `beforeAll`. */
export function afterTest(task: () => unknown): void {
  tasks.push(task);
}

/** Runs all of them; `preload.ts` calls it after each test. */
export async function runCleanups(): Promise<void> {
  for (const task of tasks.splice(0).reverse()) await task();
}
