"""The channel to crossproxy: events of components, and what is said of their exceptions."""

import contextlib
import json
import os
import select
import sys
import traceback

# The descriptor, which the process inherits.
CHANNEL = 3

# An exception, or a router, may quote any value: longer texts are cut.
MAX_REASON = 2_000
MAX_TRACEBACK = 16_000


def send(event, component=None, **fields):
    """Writes one whole event; waits where the channel is full."""
    record = {"event": event, "id": component, **fields}
    line = (json.dumps(record, default=str) + "\n").encode()
    # Without crossproxy at the other end there is no reader, and the process is about to end.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while line:
            try:
                line = line[os.write(CHANNEL, line) :]
            except BlockingIOError:
                select.select([], [CHANNEL], [])


def failure(component, step, error, stays=False):
    """Reports an exception; `step`: load, create, connect, onConnect, onJoin or onLeave."""
    send(
        "failed",
        component,
        step=step,
        reason=reason_of(error),
        place=place_of(error),
        traceback="".join(traceback.format_exception(None, error, error.__traceback__))[
            -MAX_TRACEBACK:
        ],
        path=sys.path,
        stays_joined=stays,
    )


def reason_of(error):
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(value):
    """The value in words, which may be code of a component that fails."""
    try:
        return str(value)[:MAX_REASON]
    except Exception as error:
        return f"its text could not be made: {type(error).__name__}"


def place_of(error):
    """File and line of the exception; frames of this file and of Python's import are no place of it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [frame for frame in frames if not frame.filename.startswith("<")]
    return f"{where[-1].filename}:{where[-1].lineno}" if where else ""


def cut(text):
    return None if text is None else text_of(text)
