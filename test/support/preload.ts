/**
 * Before every test file: the native helpers of the serializer packages stay off. In Bun 1.4.5
 * they abort the test process, and the executable does without them as well.
 */

process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
process.env["CBOR_NATIVE_ACCELERATION_DISABLED"] = "true";
