/**
 * Numbers of socket(2) and socket(7) on Linux, x64 and arm64, for calls through bun:ffi.
 *
 * @module
 */

/** The family of Unix sockets. */
export const AF_UNIX = 1;

/** A socket of octets in order. */
export const SOCK_STREAM = 1;

/** A socket of messages. */
export const SOCK_DGRAM = 2;

/** With the type: calls do not wait. */
export const SOCK_NONBLOCK = 0o4000;

/** With the type: programs that are started do not get the descriptor. */
export const SOCK_CLOEXEC = 0o2000000;

/** The level of the options, and control messages, that all sockets have. */
export const SOL_SOCKET = 1;
