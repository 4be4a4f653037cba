"""Joins with Autobahn for Python, many of them in one process.

Standard input: a list of {"url": ..., "serializer": ..., "authentication": ..., "tls": ...}, as
client.py has them. Standard output: a list of what came of each, in the same order: {"joined": ...,
"answer": [...]}, where the answer is that of a procedure that returns its arguments, or
{"refused": "<uri> <message>"}.
"""

import asyncio
import json
import sys

from client import component_for, identity_of

AT_ONCE = 8


async def outcome_of(number, case, places):
    async with places:
        component = component_for(**case)
        outcome = {"refused": "the connection was lost"}

        @component.on_join
        async def joined(session, details):
            procedure = f"com.example.echo{number}"
            await session.register(lambda *args: list(args), procedure)
            answer = await session.call(procedure, number, "Grüße")
            outcome.clear()
            outcome.update(joined=identity_of(details), answer=answer)
            session.leave()

        @component.on_leave
        async def left(session, details):
            if "joined" not in outcome:
                outcome.update(refused=f"{details.reason} {details.message or ''}")

        try:
            await component.start(loop=asyncio.get_running_loop())
        except Exception:
            # What became of the session is known already.
            pass
        return outcome


async def main():
    places = asyncio.Semaphore(AT_ONCE)
    cases = enumerate(json.load(sys.stdin))
    outcomes = await asyncio.gather(*(outcome_of(number, case, places) for number, case in cases))
    print(json.dumps(outcomes))


asyncio.run(main())
