/**
 * The source of the Python program that runs components and authenticators, which is part of this program, so that
 * no file has to be installed beside it.
 *
 * Python compiles the modules when they are first imported: those of the other framework, for example, never are.
 *
 * @module
 */

import asyncio_framework from "./crossproxy_runner/asyncio_framework.py" with { type: "text" };
import authenticator from "./crossproxy_runner/authenticator.py" with { type: "text" };
import channel from "./crossproxy_runner/channel.py" with { type: "text" };
import component from "./crossproxy_runner/component.py" with { type: "text" };
import loading from "./crossproxy_runner/loading.py" with { type: "text" };
import twisted_framework from "./crossproxy_runner/twisted_framework.py" with { type: "text" };
import runner from "./runner.py" with { type: "text" };

/** What is compiled in every process. */
export const RUNNER_SOURCE = `${runner}\nmain()\n`;

/** The modules of the package `crossproxy_runner`, by their names in it. */
export const RUNNER_MODULES = {
  asyncio_framework,
  authenticator,
  channel,
  component,
  loading,
  twisted_framework,
};
