/**
 * The C library (bun:ffi), for system calls that Bun does not offer, on Linux.
 *
 * @module
 */

import { dlopen, type FFIFunction } from "bun:ffi";

/** The C library under its names: glibc, then musl. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Opens the library with these calls; null where there is none that may be opened. */
export function openCLibrary<const Calls extends Record<string, FFIFunction>>(calls: Calls) {
  if (process.platform !== "linux") return null;
  for (const name of LIBRARIES) {
    try {
      return dlopen(name, calls).symbols;
    } catch {
      // Another C library, or none that may be opened.
    }
  }
  return null;
}
