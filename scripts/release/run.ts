/**
 * run: runs a program, and fails where it fails.
 *
 * @module
 */

/** Its standard output; what it says on standard error is shown. */
export function run(command: string[], options: { cwd?: string } = {}): string {
  const { exitCode, stdout } = Bun.spawnSync(command, { ...options, stderr: "inherit" });
  if (exitCode !== 0) {
    throw new Error(
      `Cannot make the release: "${command.join(" ")}" ended with exit code ${exitCode}`,
    );
  }
  return stdout.toString();
}
