/**
 * Before every test file: the native helpers of the serializer packages stay off. In Bun 1.4.5
 * they abort the test process, and the executable does without them as well.
 *
 * Properties are tried with the same values at each run, so that a change alone can make a test fail;
 * `PROPERTY_SEED` is another seed, or `random`.
 *
 * Hooks of a module that
 * test files share have to be here: elsewhere Bun registers them for the first of these files alone.
 */

import { afterAll, afterEach } from "bun:test";
import fc from "fast-check";
import { runCleanups } from "./cleanups.ts";
import { removeTemporaryFolders } from "./temporary-folder.ts";

process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
process.env["CBOR_NATIVE_ACCELERATION_DISABLED"] = "true";

afterEach(runCleanups);
afterAll(removeTemporaryFolders, 60_000);

const seed = process.env["PROPERTY_SEED"] ?? "1";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });
