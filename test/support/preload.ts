/**
 * Before every test file: the native helpers of the serializer packages stay off. In Bun 1.4.5
 * they abort the test process, and the executable does without them as well. Hooks of a module that
 * test files share have to be here: elsewhere Bun registers them for the first of these files alone.
 */

import { afterAll, afterEach } from "bun:test";
import { runCleanups } from "./cleanups.ts";
import { removeTemporaryFolders } from "./temporary-folder.ts";

process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
process.env["CBOR_NATIVE_ACCELERATION_DISABLED"] = "true";

afterEach(runCleanups);
afterAll(removeTemporaryFolders, 60_000);
